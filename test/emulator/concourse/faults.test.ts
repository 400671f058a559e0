import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {createClock} from '../../../src/emulator/clock.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {callAs} from './atc-client.js';
import {eventually} from './eventually.js';
import {login} from './ssh-client.js';

const start = async (options: ConcourseOptions = {}) =>
  startConcourse({clock: createClock(), options});

test('a fault lets `after` requests pass, then spoils `times` of them', async () => {
  await using emulator = await start({
    faults: [{method: 'GET', path: '/api/v1/*', kind: 'status', status: 503, after: 1, times: 2}],
  });
  const statuses: number[] = [];
  for (let index = 0; index < 4; index++) {
    const response = await fetch(`${emulator.url}/api/v1/info`);
    statuses.push(response.status);
  }

  expect(statuses).toEqual([200, 503, 503, 200]);
});

test('a fault written as text is a page of a load balancer, without a version', async () => {
  await using emulator = await start({failRequests: ['* * html=502 times=1']});

  const response = await fetch(`${emulator.url}/api/v1/info`);

  expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
  expect(response.headers.has('x-concourse-version')).toBe(false);
  expect(await response.text()).toContain('Bad Gateway');
});

test('drop ends the connection before anything happened, lost after it', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'dropped', state: 'stalled'});
  emulator.addWorker({name: 'lost', state: 'stalled'});
  const call = await callAs(emulator, 'test');
  emulator.addFault({method: 'PUT', path: '/api/v1/workers/dropped/prune', kind: 'drop'});
  emulator.addFault({method: 'PUT', path: '/api/v1/workers/lost/prune', kind: 'lost'});

  await expect(call('PUT', '/api/v1/workers/dropped/prune')).rejects.toThrow('fetch failed');
  await expect(call('PUT', '/api/v1/workers/lost/prune')).rejects.toThrow('fetch failed');

  expect(emulator.workers().map(({name}) => name)).toEqual(['dropped']);
  expect(emulator.requests.slice(-2).map(({status}) => status)).toEqual([0, 0]);
  emulator.clearFaults();
  expect((await call('PUT', '/api/v1/workers/dropped/prune')).status).toBe(200);
});

test('hang and hang-after give no answer, the one before anything happened, the other after it', async () => {
  const emulator = await start();
  emulator.addWorker({name: 'hung', state: 'stalled'});
  emulator.addWorker({name: 'done', state: 'stalled'});
  const call = await callAs(emulator, 'test');
  emulator.addFault({method: 'PUT', path: '/api/v1/workers/hung/prune', kind: 'hang'});
  emulator.addFault({method: 'PUT', path: '/api/v1/workers/done/prune', kind: 'hang-after'});

  const calls = ['hung', 'done'].map(async (name) => call('PUT', `/api/v1/workers/${name}/prune`));
  const ends = Promise.allSettled(calls);
  await eventually(() => {
    expect(emulator.spoiled()).toBe(2);
    expect(emulator.workers().map(({name}) => name)).toEqual(['hung']);
  });
  const first = await Promise.race([ends, delay(50)]);
  await emulator.close();

  expect(first).toBeUndefined();
  expect((await ends).map(({status}) => status)).toEqual(['rejected', 'rejected']);
});

test('a fault may refuse in the words of Concourse', async () => {
  await using emulator = await start({failRequests: ['* * status=401 times=1', '* * status=403']});
  const call = await callAs(emulator, 'nobody');

  const answers = [await call('GET', '/api/v1/workers'), await call('GET', '/api/v1/workers')];

  expect(answers).toMatchObject([
    {status: 401, text: 'not authorized'},
    {status: 403, text: 'forbidden'},
  ]);
});

test('a slow answer is late by emulated time', async () => {
  await using emulator = await startConcourse({
    clock: createClock(100),
    options: {faults: [{method: 'GET', path: '*', kind: 'slow', ms: 3000}]},
  });
  const startedAt = performance.now();

  const response = await fetch(`${emulator.url}/api/v1/info`);

  expect(response.status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
});

test('a broken ATC fails the commands of the TSA silently', async () => {
  await using emulator = await start({
    faults: [{method: '*', path: '*', kind: 'status', status: 500}],
  });
  emulator.addWorker({name: 'w'});
  await using ssh = await login(emulator);

  const results = [
    await ssh.run('delete-worker', {name: 'w', team: ''}),
    await ssh.run('retire-worker', {name: 'w', team: ''}),
    await ssh.run('sweep-containers', {name: 'w', team: ''}),
    await ssh.run('report-volumes a b', {name: 'w', team: ''}),
  ];

  expect(results).toEqual(Array.from({length: 4}, () => ({exit: 1, output: ''})));
  expect(emulator.spoiled()).toBe(4);
});

test('with secondReadOnly a worker shows in every second listing', async () => {
  await using emulator = await start({secondReadOnly: true});
  emulator.addWorker({name: 'w'});
  const call = await callAs(emulator, 'test');
  const counts: number[] = [];
  for (let index = 0; index < 4; index++) {
    const {text} = await call('GET', '/api/v1/workers');
    counts.push((JSON.parse(text) as unknown[]).length);
  }

  expect(counts).toEqual([0, 1, 0, 1]);
});

test('with reregistrations a retired worker runs again before the prune, so many times', async () => {
  await using emulator = await start({reregistrations: 1});
  emulator.addWorker({name: 'w'});
  const call = await callAs(emulator, 'test');
  const remove = async () => {
    await call('PUT', '/api/v1/workers/w/retire', {name: 'w', team: ''});
    return (await call('PUT', '/api/v1/workers/w/prune')).status;
  };

  expect(await remove()).toBe(400);
  expect(emulator.workers()).toMatchObject([{state: 'running', expiresAt: expect.any(Number)}]);
  expect(await remove()).toBe(200);
});
