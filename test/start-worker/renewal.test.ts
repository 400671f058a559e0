import {PassThrough} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {formatDuration} from '../../src/start-worker/duration.js';
import {WorkerProtocol} from '../../src/start-worker/protocol.js';
import {reregisterWorker} from '../../src/start-worker/registration.js';
import {keepCredentials, renewalDelay} from '../../src/start-worker/renewal.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';
import {startManager, type Answer} from './manager.js';
import {makeState} from './workers.js';

const second = 1000;
const minute = 60 * second;

test.each([
  [96 * 60 * minute, 95.5 * 60 * minute],
  [90 * minute, 60 * minute],
  [31 * minute, 5 * minute],
  [20 * minute, 5 * minute],
  [4 * minute, 3.5 * minute],
  [30 * second, 0],
  [0, 0],
  [-1, 0],
])('credentials that last %d ms are renewed after %d ms', (left, expected) => {
  expect(renewalDelay(left)).toBe(expected);
});

test('credentials are always renewed before they expire', () => {
  fc.assert(
    fc.property(fc.integer({min: 30 * second, max: 30 * 24 * 60 * minute}), (left) => {
      expect(renewalDelay(left)).toBeGreaterThanOrEqual(0);
      expect(renewalDelay(left)).toBeLessThanOrEqual(left - 30 * second);
    }),
  );
});

test.each([
  [-5, '0s'],
  [499, '0s'],
  [30 * second, '30s'],
  [3.5 * minute, '3m30s'],
  [96 * 60 * minute, '96h0m0s'],
])('%d ms are %s', (ms, expected) => {
  expect(formatDuration(ms)).toBe(expected);
});

type Setup = {
  leftMs?: number;
  lastMs?: number;
  capabilities?: string[];
  answer?: (index: number) => Answer | undefined;
  secondMs?: number;
  cache?: () => Promise<void>;
};

/** A worker with credentials, and the worker manager that renews them, on a clock that runs faster. */
async function startRenewal({
  leftMs = 40 * minute,
  lastMs = leftMs,
  capabilities = ['graceful-termination', 'new-credentials'],
  answer = () => undefined,
  secondMs = 0.2,
  cache,
}: Setup = {}) {
  const began = performance.now();
  const clock = {aheadMs: 0};
  const now = () =>
    Math.round(1e12 + ((performance.now() - began) * second) / secondMs) + clock.aheadMs;
  const manager = await startManager(
    (_request, index) =>
      answer(index) ?? {
        expires: new Date(now() + lastMs).toISOString(),
        credentials: {
          clientId: `client-${index}`,
          accessToken: `hush-token-${index}`,
          certificate: `{"n":${index}}`,
        },
        secret: `hush-secret-${index}`,
      },
    now,
  );
  const state = makeState({
    credentialsExpire: new Date(now() + leftMs),
    registrationSecret: 'hush-secret',
  });
  const log = collectLog();
  const transport = {input: new PassThrough(), output: new PassThrough()};
  const protocol = new WorkerProtocol(transport, {log, secondMs});
  const speaking = protocol.run();
  if (capabilities.length > 0) {
    transport.output.write(`~${JSON.stringify({type: 'hello', capabilities})}\n`);
  }

  const messages = () =>
    String(transport.input.read() ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line.slice(1)) as JsonObject)
      .filter(({type}) => type !== 'welcome');
  const stop = new AbortController();
  const startMs = now();
  const keeping = keepCredentials(
    {
      state,
      protocol,
      async renew(signal) {
        await reregisterWorker(state, manager.connect(state.credentials), signal);
      },
      ...(cache && {cache}),
      log,
      time: {secondMs, now},
    },
    stop.signal,
  );
  return {
    clock,
    keeping,
    log,
    manager,
    messages,
    startMs,
    state,
    stop,
    async asked(times: number) {
      while (manager.requests.length < times) {
        await delay(1);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await keeping;
      transport.output.end();
      await speaking;
      await manager[Symbol.asyncDispose]();
    },
  };
}

const stopping = {type: 'graceful-termination', 'finish-tasks': false};

test('renews credentials when they are due, again and again, each time with the secret of the last', async () => {
  const cached: string[] = [];
  await using renewal = await startRenewal({
    secondMs: 1,
    async cache() {
      cached.push(renewal.state.credentials.accessToken);
    },
  });

  await renewal.asked(2);
  while (cached.length < 2) {
    await delay(1);
  }

  const {requests} = renewal.manager;
  expect(requests.map(({path, body}) => [path, body])).toEqual(
    ['hush-secret', 'hush-secret-0'].map((secret) => [
      '/api/worker-manager/v1/worker/reregister',
      {workerPoolId: 'proj-example/ci', workerGroup: 'ams3', workerId: 'ci-0', secret},
    ]),
  );
  expect(requests[0]!.authorization).toContain('id="worker/ci-0"');
  expect(requests[1]!.authorization).toContain('id="client-0"');
  for (const [index, {at}] of requests.entries()) {
    const since = index === 0 ? renewal.startMs : requests[index - 1]!.at;
    expect(at - since).toBeGreaterThanOrEqual(10 * minute - 5 * second);
    expect(at - since).toBeLessThan(30 * minute);
  }

  expect(renewal.messages()).toEqual(
    [0, 1].map((index) => ({
      type: 'new-credentials',
      'client-id': `client-${index}`,
      'access-token': `hush-token-${index}`,
      certificate: `{"n":${index}}`,
    })),
  );
  expect(cached).toEqual(['hush-token-0', 'hush-token-1']);
  expect(renewal.log.lines[0]).toMatch(/^Worker credentials expire in (?:40m0s|39m\d+s)$/v);
  expect(renewal.log.lines.join('\n')).not.toContain('hush');
});

test('a worker that takes no new credentials is asked to end', async () => {
  await using renewal = await startRenewal({capabilities: ['graceful-termination']});

  await renewal.keeping;

  expect(renewal.manager.requests).toEqual([]);
  expect(renewal.messages()).toEqual([stopping]);
  expect(renewal.log.lines.at(-1)).toMatch(
    /^Taskcluster Credentials are expiring in (?:30m0s|2\dm\d+s); stopping worker$/v,
  );
});

test('a worker that cannot be told keeps running', async () => {
  await using renewal = await startRenewal({capabilities: ['log']});

  await renewal.keeping;

  expect(renewal.messages()).toEqual([]);
  expect(renewal.log.lines.at(-1)).toBe(
    'ERROR: credentials expiring, but no way to tell the worker',
  );
});

test('without new credentials the worker is asked to end', async () => {
  await using renewal = await startRenewal({answer: (index) => (index === 1 ? 400 : undefined)});

  await renewal.keeping;

  expect(renewal.manager.requests).toHaveLength(2);
  expect(renewal.messages().slice(1)).toEqual([stopping]);
  expect(renewal.log.lines.at(-2)).toMatch(/^Error renewing worker credentials: .*told so/v);
  expect(renewal.log.lines.at(-1)).toMatch(
    /^Taskcluster Credentials are expiring in .*; stopping worker$/v,
  );
  expect(renewal.log.lines.join('\n')).not.toContain('hush');
});

test.each([
  {clientId: '', accessToken: 'hush'},
  {clientId: 'c', accessToken: ''},
  {clientId: 'c', accessToken: 'hush', certificate: {seed: 'hush'}},
])('a worker never gets credentials that are none: %j', async (credentials: JsonObject) => {
  const expires = new Date(1e12 + 60 * minute).toISOString();
  await using renewal = await startRenewal({
    answer: (index) => (index === 0 ? {expires, credentials, secret: 'hush'} : 400),
  });
  const before = structuredClone(renewal.state);

  await renewal.keeping;

  expect(renewal.state).toEqual(before);
  expect(renewal.messages()).toEqual([stopping]);
  expect(renewal.log.lines.at(-2)).toMatch(
    /^Error renewing worker credentials: .* answers, but not as Taskcluster does$/v,
  );
  expect(renewal.log.lines.join('\n')).not.toContain('hush');
});

test('a state without a secret cannot be renewed', async () => {
  await using renewal = await startRenewal();
  renewal.state.registrationSecret = undefined;

  await renewal.keeping;

  expect(renewal.manager.requests).toEqual([]);
  expect(renewal.messages()).toEqual([stopping]);
});

test.each([500, 502, 503])(
  'a %d is not the end: the request is sent again with the same secret',
  async (status) => {
    await using renewal = await startRenewal({answer: (index) => (index < 2 ? status : undefined)});

    await Promise.race([renewal.asked(4), renewal.keeping]);

    expect(renewal.manager.requests.map(({body}) => body.secret)).toEqual([
      ...Array.from({length: 3}, () => 'hush-secret'),
      'hush-secret-2',
    ]);
    expect(renewal.log.lines.slice(1, 3)).toEqual(
      Array.from({length: 2}, () =>
        expect.stringContaining('Could not renew worker credentials yet: '),
      ),
    );
    expect(renewal.messages()).not.toContainEqual(stopping);
  },
);

test('a service that stays down ends the worker, after five attempts', async () => {
  await using renewal = await startRenewal({answer: () => 503});

  await renewal.keeping;

  expect(renewal.manager.requests).toHaveLength(5);
  expect(renewal.messages()).toEqual([stopping]);
});

test('a request that never left is sent again', async () => {
  await using renewal = await startRenewal({leftMs: 31 * minute, secondMs: 1});
  await renewal.manager.close();

  while (renewal.log.lines.length < 2) {
    await delay(1);
  }

  await renewal.manager.reopen();
  await renewal.asked(1);

  expect(renewal.log.lines[1]).toMatch(/^Could not renew worker credentials yet: .*ECONNREFUSED/v);
  expect(renewal.messages()).not.toContainEqual(stopping);
});

test('a request that can never be sent is given up', async () => {
  await using renewal = await startRenewal();
  await renewal.manager.close();

  await renewal.keeping;

  expect(renewal.messages()).toEqual([stopping]);
  expect(renewal.log.lines.at(-2)).toContain('ECONNREFUSED');
});

test('a cache that cannot be written does not end the worker', async () => {
  await using renewal = await startRenewal({
    async cache() {
      throw new Error('disk full');
    },
  });

  await renewal.asked(2);

  expect(renewal.log.lines[1]).toBe('Error caching renewed credentials: disk full');
  expect(renewal.messages()).not.toContainEqual(stopping);
});

test('a machine that has slept renews as soon as it is awake', async () => {
  await using renewal = await startRenewal({leftMs: 10 * 60 * minute, secondMs: 1});

  await delay(10);
  renewal.clock.aheadMs = 9.6 * 60 * minute;
  const woken = performance.now();
  await renewal.asked(1);

  expect(performance.now() - woken).toBeLessThan(10_000);
  expect(renewal.manager.requests).toHaveLength(1);
});

test('credentials that are over at once are not renewed without a pause', async () => {
  await using renewal = await startRenewal({leftMs: 0, lastMs: 0, secondMs: 2});

  await renewal.asked(4);

  const times = renewal.manager.requests.map(({at}) => at);
  for (const [index, at] of times.slice(1).entries()) {
    expect(at - times[index]!).toBeGreaterThanOrEqual(9 * second);
  }
});

test.each([
  ['while it waits', {leftMs: 100 * 60 * minute}],
  ['while the worker has not said hello', {leftMs: 0, capabilities: []}],
])('ends %s, when it is told to', async (_title, setup) => {
  await using renewal = await startRenewal(setup);
  await delay(20);

  renewal.stop.abort(new Error('stop'));
  await renewal.keeping;

  expect(renewal.log.lines).toHaveLength(1);
  expect(renewal.messages()).toEqual([]);
});

test('credentials that never expire are left alone', async () => {
  const log = collectLog();
  const protocol = new WorkerProtocol(undefined, {log, secondMs: 1});

  await keepCredentials(
    {
      state: makeState(),
      protocol,
      renew: async () => undefined,
      log,
      time: {secondMs: 1, now: Date.now},
    },
    new AbortController().signal,
  );

  expect(log.lines).toEqual([]);
});
