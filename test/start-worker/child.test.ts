import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type {PassThrough} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {startChild} from '../../src/start-worker/child.js';
import {WorkerProtocol} from '../../src/start-worker/protocol.js';
import {stopWorker} from '../../src/start-worker/stop.js';
import {until} from './begin.js';
import {collectLog} from './collect.js';
import {startFolder, type Plan} from './workers.js';

const secondMs = 50;

/** The worker program as a child, with the protocol to it. */
async function begin(folder: Awaited<ReturnType<typeof startFolder>>, plan: Plan) {
  const log = collectLog();
  const worker = await startChild(
    {
      name: 'the worker',
      file: await folder.executable('worker'),
      args: [],
      environment: folder.environment(plan),
    },
    {log, secondMs},
  );
  return {log, worker, protocol: new WorkerProtocol(worker.transport, {log, secondMs})};
}

test('a worker that ends well ends well, its last words logged', async () => {
  await using folder = await startFolder();
  const {log, worker, protocol} = await begin(folder, {lines: ['hello'], tail: 'bye'});

  await protocol.run();
  await worker.wait();

  expect(log.lines).toEqual(expect.arrayContaining(['hello', 'bye']));
});

test.each([
  [{exitStatus: 71}, 'exit status 71'],
  [{endsBySignal: 'SIGKILL'}, 'killed by SIGKILL'],
])('a worker that ends with %j rejects with %j', async (plan, message) => {
  await using folder = await startFolder();
  const {worker, protocol} = await begin(folder, plan);

  await protocol.run();

  await expect(worker.wait()).rejects.toMatchObject({code: 'WORKER_FAILED', message});
});

test.each(['no-such-file', ''])(
  'an executable named %j is an error that can be mended',
  async (file) => {
    const starting = startChild(
      {name: 'the worker', file, args: [], environment: {}},
      {log: collectLog(), secondMs},
    );

    await expect(starting).rejects.toMatchObject({
      code: 'WORKER_NOT_STARTED',
      message: expect.stringMatching(/^could not start the worker: /v),
    });
  },
);

test.each([1, 3])('understands a worker that writes %i bytes at once', async (chunkBytes) => {
  await using folder = await startFolder();
  const {log, worker, protocol} = await begin(folder, {
    chunkBytes,
    hello: ['shutdown'],
    lines: ['schöner ☃ day', '~{"type":"shutdown"}'],
  });
  let shutdowns = 0;
  protocol.on('shutdown', () => {
    shutdowns += 1;
  });

  await protocol.run();
  await worker.wait();

  expect(await protocol.isCapable('shutdown')).toBe(true);
  expect(shutdowns).toBe(1);
  expect(log.lines).toContain('schöner ☃ day');
});

test('a worker that has closed its stdin costs a line on the log', async () => {
  await using folder = await startFolder();
  const file = await folder.executable('worker', 'exec <&-; echo closed; sleep 0.3; echo done');
  const log = collectLog();
  const worker = await startChild(
    {name: 'it', file, args: [], environment: process.env},
    {log, secondMs},
  );
  await until(() => worker.transport!.output.readableLength > 0);
  const protocol = new WorkerProtocol(worker.transport, {log, secondMs});

  await protocol.run();
  await worker.wait();

  expect(log.lines).toContain('could not write protocol message: write EPIPE');
  expect(log.lines).toContain('done');
});

test('a worker may flood its stdout and never read: it is held back, not stored', async () => {
  await using folder = await startFolder();
  const floodBytes = 10_000_000;
  const {worker, protocol, log} = await begin(folder, {ignoresStdin: true, floodBytes});
  const output = worker.transport?.output as PassThrough;
  const storedBytes = () => output.readableLength + output.writableLength;
  let bytes = 0;
  let mostStored = 0;
  log.line = (text) => {
    bytes += text.length + 1;
    mostStored = Math.max(mostStored, storedBytes());
  };

  await until(() => output.readableLength > 0);
  // Nobody reads yet: a worker that is not held back writes all of it in this time.
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  const storedUnread = storedBytes();
  await protocol.run();
  await worker.wait();

  expect(storedUnread).toBeLessThan(1_000_000);
  expect(bytes).toBeGreaterThanOrEqual(floodBytes);
  expect(mostStored).toBeLessThan(1_000_000);
});

test('what a worker says is heard even if it ends before anybody listens', async () => {
  await using folder = await startFolder();
  const file = await folder.executable('worker', 'echo no configuration');
  const log = collectLog();
  const worker = await startChild({name: 'it', file, args: [], environment: {}}, {log, secondMs});
  await worker.wait();
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });

  await new WorkerProtocol(worker.transport, {log, secondMs}).run();

  expect(log.lines).toContain('no configuration');
});

test('is spared by the OOM killer, where that may be asked for', async () => {
  await using folder = await startFolder();
  const {worker, protocol, log} = await begin(folder, {hello: [], endsOn: 'stdin'});
  const running = protocol.run();
  await protocol.isCapable('log');
  const [first] = await folder.recorded();

  const score = await readFile(`/proc/${first?.start?.pid}/oom_score_adj`, 'utf8');

  const isRefused = log.lines.some((line) =>
    line.startsWith('Error disabling OOM killer for the worker: '),
  );
  expect(score.trim()).toBe(isRefused ? '0' : '-1000');
  worker.kill('SIGKILL');
  await running;
});

test('a runner that is slow with what a worker reports loses none of its last lines', async () => {
  await using folder = await startFolder();
  const lines = Array.from({length: 2600}, (_, index) => `${index} ${'x'.repeat(80)}`);
  const reports = Array.from({length: 20}, () => '~{"type":"error-report"}');
  await writeFile(path.join(folder.folder, 'words'), [...reports, ...lines].join('\n'));
  const file = await folder.executable('worker', `exec cat '${folder.folder}/words'`);
  const log = collectLog();
  const worker = await startChild(
    {name: 'it', file, args: [], environment: process.env},
    {log, secondMs},
  );
  const protocol = new WorkerProtocol(worker.transport, {log, secondMs});
  protocol.on('error-report', async () => delay(20 * secondMs));

  await protocol.run();
  await worker.wait();

  expect(log.lines.filter((line) => line.endsWith('x'))).toEqual(lines);
});

test.each([
  ['is silent', 'sleep 10'],
  ['talks on', 'while echo more; do sleep 0.01; done'],
  ['floods', 'yes'],
])('what the worker leaves behind cannot hold the runner when it %s', async (_title, left) => {
  await using folder = await startFolder();
  const file = await folder.executable('worker', `echo done; { ${left}; } & exit`);
  const log = collectLog();
  const worker = await startChild(
    {name: 'it', file, args: [], environment: process.env},
    {log, secondMs},
  );

  const before = Date.now();
  await new WorkerProtocol(worker.transport, {log, secondMs}).run();
  await worker.wait();

  expect(Date.now() - before).toBeLessThan(5000);
  expect(log.lines).toContain('done');
});

test('of a flood that the worker leaves behind not all is stored', async () => {
  await using folder = await startFolder();
  const file = await folder.executable('worker', 'yes & exit');
  const worker = await startChild(
    {name: 'it', file, args: [], environment: process.env},
    {log: collectLog(), secondMs},
  );
  const output = worker.transport!.output as PassThrough;

  await worker.wait();
  await until(() => output.writableEnded);

  expect(output.writableLength).toBeLessThan(20_000_000);
});

test.each([
  [
    'asks a worker that can be told',
    {hello: ['graceful-termination'], endsOn: 'graceful-termination'},
    ['graceful-termination'],
  ],
  ['signals a worker that cannot be told', {hello: [], endsOn: 'never'}, ['SIGTERM']],
  ['signals a worker that never says hello', {endsOn: 'never'}, ['SIGTERM']],
  [
    'signals a worker that was told in vain',
    {hello: ['graceful-termination'], endsOn: 'never'},
    ['graceful-termination', 'SIGTERM'],
  ],
])('a stop %s', async (_title, plan, expected) => {
  await using folder = await startFolder();
  const {log, worker, protocol} = await begin(folder, plan);
  const ended = new AbortController();
  const running = protocol.run().then(() => {
    ended.abort();
  });
  const recorded = async () =>
    (await folder.recorded())
      .map(({type, signal}) => type ?? signal)
      .filter((each) => each !== undefined && each !== 'welcome');
  while ((await folder.recorded()).length < 2) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }

  await stopWorker({worker, protocol, log, secondMs: 10}, ended.signal);
  await running;
  await worker.wait();

  expect(await recorded()).toEqual(expected);
});

test('a stop kills a worker that withstands', async () => {
  await using folder = await startFolder();
  const {log, worker, protocol} = await begin(folder, {
    hello: [],
    endsOn: 'never',
    ignoresSigterm: true,
  });
  const ended = new AbortController();
  const running = protocol.run().then(() => {
    ended.abort();
  });
  await protocol.isCapable('log');

  await stopWorker({worker, protocol, log, secondMs: 10}, ended.signal);
  await running;

  await expect(worker.wait()).rejects.toThrow('killed by SIGKILL');
});
