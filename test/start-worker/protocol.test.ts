import {PassThrough, Writable} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {WorkerProtocol} from '../../src/start-worker/protocol.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';

/** A protocol whose other side is the test. */
function connect() {
  const log = collectLog();
  const input = new PassThrough();
  const output = new PassThrough();
  const protocol = new WorkerProtocol({input, output}, {log, secondMs: 10});
  const say = (message: JsonObject) => output.write(`~${JSON.stringify(message)}\n`);
  return {log, input, output, protocol, say};
}

function sent(input: PassThrough): unknown[] {
  const text = String(input.read() ?? '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.slice(1)) as unknown);
}

test('greets with its sorted capabilities without waiting for the worker', async () => {
  const {input, output, protocol} = connect();

  const running = protocol.run();

  expect(sent(input)).toEqual([
    {
      type: 'welcome',
      capabilities: ['error-report', 'graceful-termination', 'log', 'new-credentials', 'shutdown'],
    },
  ]);
  output.end();
  await running;
});

test('both are capable of what both know', async () => {
  const {output, protocol, say} = connect();
  const running = protocol.run();

  say({type: 'hello', capabilities: ['graceful-termination', 'levitation']});

  expect(await protocol.isCapable('graceful-termination')).toBe(true);
  expect(await protocol.isCapable('new-credentials')).toBe(false);
  output.end();
  await running;
});

test('whether the worker is capable is known only once it has said hello', async () => {
  const {output, protocol, say} = connect();
  const running = protocol.run();
  let isKnown = false;
  const asking = protocol.isCapable('shutdown').then((isCapable) => {
    isKnown = true;
    return isCapable;
  });

  await delay(30);
  expect(isKnown).toBe(false);
  say({type: 'hello', capabilities: ['shutdown']});

  expect(await asking).toBe(true);
  output.end();
  await running;
});

test('a worker that ends without a hello was capable of nothing', async () => {
  const {output, protocol} = connect();
  const running = protocol.run();
  const asking = protocol.isCapable('shutdown');

  output.end();
  await running;

  expect(await asking).toBe(false);
});

test.each([{}, {capabilities: null}, {capabilities: 'log'}, {capabilities: ['log', 5]}])(
  'a hello with %j means no capabilities',
  async (fields) => {
    const {log, output, protocol, say} = connect();
    const running = protocol.run();

    say({type: 'hello', ...fields});

    expect(await protocol.isCapable('log')).toBe(false);
    expect(log.lines).toEqual([
      'malformed hello message from worker: it counts as having no capabilities',
    ]);
    output.end();
    await running;
  },
);

test('hands messages to their callbacks and logs every other line', async () => {
  const {log, output, protocol, say} = connect();
  const seen: JsonObject[] = [];
  protocol.on('log', (message) => {
    seen.push(message);
  });
  const running = protocol.run();

  say({type: 'log', body: {a: 1}});
  output.write('  at frame\r\n~{"type":"log"\n');
  say({type: 'shutdown'});
  say({type: 'unheard-of'});
  output.end('last words');
  await running;

  expect(seen).toEqual([{type: 'log', body: {a: 1}}]);
  expect(log.lines).toEqual([
    '  at frame',
    '~{"type":"log"',
    'No callback registered for message shutdown',
    'No callback registered for message unheard-of',
    'last words',
  ]);
});

test('a callback that fails is logged, and the next message handled', async () => {
  const {log, output, protocol, say} = connect();
  let shutdowns = 0;
  protocol.on('error-report', async () => {
    throw new Error('no answer');
  });
  protocol.on('shutdown', () => {
    shutdowns += 1;
    throw new Error('no power');
  });
  const running = protocol.run();

  say({type: 'error-report'});
  say({type: 'shutdown'});
  say({type: 'shutdown'});
  output.end();
  await running;

  expect(shutdowns).toBe(2);
  expect(log.lines).toEqual([
    'Error handling error-report message: no answer',
    'Error handling shutdown message: no power',
    'Error handling shutdown message: no power',
  ]);
});

test('ends only when the callbacks have ended, but for one that hangs', async () => {
  const quick = connect();
  let isHandled = false;
  quick.protocol.on('shutdown', async () => {
    await delay(50);
    isHandled = true;
  });
  const hung = connect();
  hung.protocol.on('shutdown', async () => Promise.withResolvers<void>().promise);

  for (const {say, output} of [quick, hung]) {
    say({type: 'shutdown'});
    output.end();
  }

  await Promise.all([quick.protocol.run(), hung.protocol.run()]);

  expect(isHandled).toBe(true);
});

test('reads on no faster than the callbacks work', async () => {
  const {output, protocol, say} = connect();
  let running = 0;
  let most = 0;
  protocol.on('error-report', async () => {
    running += 1;
    most = Math.max(most, running);
    await delay(1);
    running -= 1;
  });

  for (let count = 0; count < 200; count++) {
    say({type: 'error-report'});
  }

  output.end();
  await protocol.run();

  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});

test('a message that cannot be written is lost, logged, and harms nothing', async () => {
  const log = collectLog();
  const output = new PassThrough();
  const input = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), {code: 'EPIPE'}));
    },
  });
  const protocol = new WorkerProtocol({input, output}, {log, secondMs: 10});

  const running = protocol.run();
  await new Promise((resolve) => {
    input.once('close', resolve);
  });
  protocol.send('graceful-termination', {'finish-tasks': false});
  output.end();
  await running;

  expect(log.lines).toEqual([
    'could not write protocol message: write EPIPE',
    expect.stringMatching(/^could not write protocol message: /v),
  ]);
});

test('stops writing to a worker that does not read', async () => {
  const {log, input, output, protocol} = connect();
  const running = protocol.run();

  for (let count = 0; count < 100; count++) {
    protocol.send('new-credentials', {certificate: 'x'.repeat(100_000)});
  }

  expect(log.lines.length).toBeGreaterThan(80);
  expect(new Set(log.lines)).toEqual(
    new Set(['could not write protocol message: the worker does not read']),
  );
  expect(input.readableLength + input.writableLength).toBeLessThan(2_000_000);
  output.end();
  await running;
});

test('refuses callbacks after the start', async () => {
  const {output, protocol} = connect();
  const running = protocol.run();

  expect(() => {
    protocol.on('log', () => undefined);
  }).toThrow('after the protocol had started');
  output.end();
  await running;
});

test('without a transport nothing is sent, and nobody waits', async () => {
  const log = collectLog();
  const protocol = new WorkerProtocol(undefined, {log, secondMs: 10});

  await protocol.run();
  protocol.send('graceful-termination', {'finish-tasks': true});

  expect(await protocol.isCapable('graceful-termination')).toBe(false);
  expect(log.lines).toEqual([]);
});
