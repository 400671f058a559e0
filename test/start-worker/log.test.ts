import {PassThrough, Writable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {expect, test} from '@jest/globals';
import {chooseLog, createLog, formatStructured, loggings} from '../../src/start-worker/log.js';
import {collectLog} from './collect.js';

const noon = () => new Date(2026, 0, 9, 8, 7, 6);

test('each line starts with date and time', async () => {
  const stream = new PassThrough();
  const log = createLog(stream, noon);

  log.line('one');
  log.line('two\nthree');
  log.structured({textPayload: 'four', task: 5});
  stream.end();

  expect(await text(stream)).toBe(
    [
      '2026/01/09 08:07:06 one',
      '2026/01/09 08:07:06 two',
      '2026/01/09 08:07:06 three',
      '2026/01/09 08:07:06 four; task: 5',
      '',
    ].join('\n'),
  );
});

test('has the time of each line by itself', async () => {
  const stream = new PassThrough();

  createLog(stream).line('now');
  stream.end();

  expect(await text(stream)).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d now\n$/v);
});

test('a stream that fails ends nothing', async () => {
  const stream = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('EPIPE'));
    },
  });
  const log = createLog(stream);

  log.line('lost');
  await new Promise((resolve) => {
    stream.once('close', resolve);
  });
  log.line('lost, too');

  expect(stream.destroyed).toBe(true);
});

test.each([
  [{textPayload: 'hello'}, 'hello'],
  [{textPayload: 'hello', b: 'bare', a: {x: 1}}, 'hello; a: {"x":1}; b: bare'],
  [{c: null, b: [1], a: true}, 'a: true; b: [1]; c: null'],
  [{textPayload: 5, a: 1}, 'a: 1; textPayload: 5'],
  [{}, '{}'],
])('%j is written as %s', (message, expected) => {
  expect(formatStructured(message)).toBe(expected);
});

test('an unknown logging implementation falls back to stdio, and is told', () => {
  const stdio = collectLog();

  const chosen = ['journal', 'stdio', '', undefined].map((name) => chooseLog(name, stdio));

  expect(chosen).toEqual([stdio, stdio, stdio, stdio]);
  expect(stdio.lines).toEqual([
    'Unrecognized logging implementation journal (falling back to stdio)',
  ]);
  expect([...loggings.keys()]).toEqual(['stdio']);
});
