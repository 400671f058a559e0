import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import type {Fault} from '../../src/emulator/digitalocean/faults.js';
import {startEmulator} from '../../src/emulator/server.js';
import {answerOf, build, dropletNames, instant} from '../support/build.js';
import {newDirectory} from '../support/resource.js';
import type {Ran, Running} from '../support/run.js';

/** Longer than an abort takes. */
const longMs = 60_000;
/** Once sent, its answer is waited for; Concourse kills it after 10 s. */
const slowPost: Fault = {method: 'POST', path: '/v2/droplets', kind: 'slow', ms: 5000};
const phases: Array<[string, Parameters<typeof startEmulator>[0], RegExp, RegExp]> = [
  ['planning', {}, /plan /v, /phase: \w+/v],
  ['checking', {slowMs: longMs}, /preflight /v, /phase: preflight/v],
  ['creating', {faults: [slowPost]}, /create /v, /phase: create/v],
  ['waiting for the droplet', {createMs: longMs}, /active /v, /phase: active/v],
  ['waiting for the worker', {bootMs: longMs}, /booting /v, /phase: booting/v],
];

test.concurrent.each(phases)(
  'an abort while %s leaves nothing to the ensure',
  async (_, switches, seen, told) => {
    await using emulator = await startEmulator({...instant, ...switches});
    const {start, put} = build(emulator);
    const creating = start({action: 'create'});
    await until(() => seen.test(creating.output()));

    const ran = await abort(creating);
    emulator.digitalOcean.settings.slowMs = 0;
    const made = emulator.digitalOcean.everyDroplet().length;
    const destroyed = await put({action: 'destroy'});

    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('Interrupted by SIGTERM');
    expect(ran.stderr).toMatch(told);
    expect(destroyed.code).toBe(0);
    expect(dropletNames(emulator)).toEqual([]);
    expect(made).toBeLessThanOrEqual(1);
  },
  120_000,
);

test('an aborted get leaves nothing either', async () => {
  await using emulator = await startEmulator({...instant, bootMs: 60_000});
  const {startGet} = build(emulator);
  const getting = startGet(await newDirectory(), {at: '1'}, {worker_name: 'a'});
  await until(() => getting.output().includes('booting '));

  const ran = await abort(getting);

  expect(ran.stdout).toBe('');
  expect(ran.stderr).toMatch(/Interrupted by SIGTERM[\s\S]+Destroyed again: a-b42-/v);
  expect(dropletNames(emulator)).toEqual([]);
});

test.concurrent(
  'the ensure finds a droplet whose create was killed before its answer, through lag',
  async () => {
    const {promise: never} = Promise.withResolvers<void>();
    let isMade = false;
    await using emulator = await startEmulator({
      ...instant,
      listLagMs: 25_000,
      tagLagMs: 25_000,
      async onResponse({method}) {
        if (method !== 'POST') {
          return;
        }

        isMade = true;
        await never;
      },
    });
    const {start, put} = build(emulator);
    const creating = start({action: 'create'});
    await until(() => isMade);
    creating.child.kill('SIGKILL');
    await creating.done;

    const destroyed = answerOf(await put({action: 'destroy'}));

    expect(destroyed.metadata[0]).toEqual({name: 'status', value: 'destroyed'});
    expect(dropletNames(emulator)).toEqual([]);
  },
  120_000,
);

test('a create goes on when nobody reads its log any more', async () => {
  await using emulator = await startEmulator({...instant, bootMs: 3000});
  const creating = build(emulator).start({action: 'create'});
  await until(() => creating.output().includes('active '));

  creating.child.stdout!.destroy();
  creating.child.stderr!.destroy();
  const {code} = await creating.done;

  expect(code).toBe(0);
  expect(emulator.concourse.workers()).toMatchObject([{state: 'running'}]);
});

/** As Concourse does: SIGTERM, and 10 s later SIGKILL. */
async function abort({child, done}: Running): Promise<Ran> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
  }, 10_000);
  const ran = await done;
  clearTimeout(timer);
  return ran;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 10) {
    if (waited > 20_000) {
      throw new Error('it never came to it');
    }

    await delay(10);
  }
}
