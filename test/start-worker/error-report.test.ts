import {expect, test} from '@jest/globals';
import {reportError, type ErrorReport} from '../../src/start-worker/error-report.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';

async function report(message: JsonObject) {
  const log = collectLog();
  const sent: ErrorReport[] = [];
  await reportError(
    message,
    async (each) => {
      sent.push(each);
    },
    log,
  );
  return {lines: log.lines, sent};
}

const sound = {description: 'no disk', kind: 'disk-full', title: 'Disk full', extra: {free: 0}};

test('passes on what it was given, without the type', async () => {
  const {lines, sent} = await report({type: 'error-report', ...sound});

  expect(sent).toEqual([sound]);
  expect(lines).toEqual([]);
});

test.each(['description', 'kind', 'title'])(
  'drops a report whose %s is no string',
  async (name) => {
    const {lines, sent} = await report({...sound, [name]: 5});

    expect(sent).toEqual([]);
    expect(lines).toEqual([`Error processing error-report message, missing ${name} or not string`]);
  },
);

test('names the first thing that is wrong, in the order description, kind, title, extra', async () => {
  const first = async (message: JsonObject) => (await report(message)).lines[0]!;

  expect(await first({})).toContain('missing description');
  expect(await first({description: 'd', extra: 5})).toContain('missing kind');
  expect(await first({description: 'd', kind: 'k'})).toContain('missing title');
  expect(await first({...sound, extra: []})).toContain('missing extra');
});

test('cuts what is longer than the worker manager takes, and never half a character', async () => {
  const {sent} = await report({
    description: 'd'.repeat(20_000),
    kind: `Disk_Full!${'k'.repeat(200)}`,
    title: `${'t'.repeat(127)}😀`,
    extra: {},
  });

  expect(sent).toEqual([
    {
      description: 'd'.repeat(10_240),
      kind: `disk-full-${'k'.repeat(118)}`,
      title: `${'t'.repeat(127)}\u{FFFD}`,
      extra: {},
    },
  ]);
});

test('a kind without a letter is still one', async () => {
  const {sent} = await report({...sound, kind: ''});

  expect(sent[0]?.kind).toBe('unknown');
});

test('a report that the worker manager refuses is logged', async () => {
  const log = collectLog();

  await reportError(
    sound,
    async () => {
      throw new Error('Taskcluster answered 403');
    },
    log,
  );

  expect(log.lines).toEqual(['Error reporting worker error: Taskcluster answered 403']);
});
