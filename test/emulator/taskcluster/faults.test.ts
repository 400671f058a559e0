import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {createClock} from '../../../src/emulator/clock.js';
import {eventually} from '../concourse/eventually.js';
import {call, definition, path, start} from './calls.js';

test('a lost answer has had its effect, a dropped request has not', async () => {
  await using emulator = await start({
    failTaskcluster: ['PUT */w-1 lost times=1', 'PUT */w-2 drop times=1'],
  });

  await expect(call(emulator, 'PUT', path, definition())).rejects.toThrow();
  await expect(call(emulator, 'PUT', path.replace('w-1', 'w-2'), definition())).rejects.toThrow();

  expect(emulator.workers().map(({workerId}) => workerId)).toEqual(['w-1']);
  expect(emulator.requests.map(({status}) => status)).toEqual([0, 0]);
});

test('an answer that never comes is to a request without an effect, or with one', async () => {
  const emulator = await start({failTaskcluster: ['PUT */w-1 hang', 'PUT */w-2 hang-after']});

  const other = path.replace('w-1', 'w-2');
  const calls = [path, other].map(async (each) => call(emulator, 'PUT', each, definition()));
  const ends = Promise.allSettled(calls);
  await eventually(() => {
    expect(emulator.workers().map(({workerId}) => workerId)).toEqual(['w-2']);
  });
  const first = await Promise.race([ends, delay(50)]);
  await emulator.close();

  expect(first).toBeUndefined();
  expect((await ends).map(({status}) => status)).toEqual(['rejected', 'rejected']);
});

test('a fault may refuse in the form of Taskcluster', async () => {
  await using emulator = await start({
    failTaskcluster: ['* * status=401 times=1', '* * status=403'],
  });

  const answers = [await call(emulator, 'GET', path), await call(emulator, 'GET', path)];

  expect(answers).toMatchObject([
    {status: 401, body: {code: 'AuthenticationFailed'}},
    {status: 403, body: {code: 'InsufficientScopes'}},
  ]);
});

test('faults come and go, by the path as it was sent', async () => {
  await using emulator = await start();
  const {pathname} = new URL(path, emulator.url);
  emulator.addFault({method: 'GET', path: pathname, kind: 'status', status: 503});

  const spoilt = await fetch(`${emulator.url}${path}`);
  emulator.clearFaults();
  const healthy = await call(emulator, 'GET', path);

  expect([spoilt.status, healthy.status]).toEqual([503, 404]);
});

test('a slow answer is late by emulated time', async () => {
  await using emulator = await start(
    {faults: [{method: '*', path: '*', kind: 'slow', ms: 100_000}]},
    createClock(1000),
  );
  const startedAt = performance.now();

  expect((await call(emulator, 'GET', path)).status).toBe(404);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
});

test('every request is logged with what was sent and answered', async () => {
  await using emulator = await start();

  await call(emulator, 'PUT', `${path}?a=b`, definition());

  expect(emulator.requests).toMatchObject([
    {
      method: 'PUT',
      path: `${path}?a=b`,
      status: 200,
      clientId: 'static/taskcluster/root',
      isSigned: true,
      body: {providerInfo: {}},
      answer: {state: 'running'},
    },
  ]);
});
