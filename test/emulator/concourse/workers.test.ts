import {expect, test} from '@jest/globals';
import {createClock} from '../../../src/emulator/clock.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {callAs, people} from './atc-client.js';

const start = async (options: ConcourseOptions = {}) =>
  startConcourse({clock: createClock(), options: {...people, ...options}});

const states = ['running', 'stalled', 'landing', 'landed', 'retiring'] as const;
const stateOf = (emulator: Awaited<ReturnType<typeof start>>, name = 'w') =>
  emulator.workers().find((worker) => worker.name === name)?.state;

for (const profile of ['current', 'legacy'] as const) {
  for (const state of states) {
    test(`${profile}: prune of a ${state} worker`, async () => {
      await using emulator = await start({profile});
      emulator.addWorker({name: 'w', state});
      const call = await callAs(emulator, 'test');

      const answer = await call('PUT', '/api/v1/workers/w/prune');

      if (state === 'running') {
        expect(answer).toMatchObject({
          status: 400,
          text: '{"stderr":"cannot prune running worker"}',
        });
        expect(stateOf(emulator)).toBe('running');
      } else {
        expect(answer).toMatchObject({status: 200, text: ''});
        expect(stateOf(emulator)).toBeUndefined();
      }
    });

    test(`${profile}: land and retire of a ${state} worker`, async () => {
      await using emulator = await start({profile});
      emulator.addWorker({name: 'w', state});
      emulator.addWorker({name: 'x', state});
      const call = await callAs(emulator, 'test');

      const landed = await call('PUT', '/api/v1/workers/w/land', {name: 'w', team: ''});
      const retired = await call('PUT', '/api/v1/workers/x/retire', {name: 'x', team: ''});

      expect([landed.status, landed.text, retired.status, retired.text]).toEqual([
        200,
        '',
        200,
        '',
      ]);
      expect(stateOf(emulator)).toBe(state === 'landed' ? 'landed' : 'landing');
      expect(stateOf(emulator, 'x')).toBe('retiring');
    });

    test(`${profile}: the system deletes, heartbeats and registers a ${state} worker`, async () => {
      await using emulator = await start({profile});
      emulator.addWorker({name: 'gone', state});
      emulator.addWorker({name: 'beating', state});
      emulator.addWorker({name: 'again', state});
      const call = await callAs(emulator, 'system');

      const deleted = await call('DELETE', '/api/v1/workers/gone', {name: 'gone', team: ''});
      const beat = await call('PUT', '/api/v1/workers/beating/heartbeat?ttl=1m0s', {});
      const registered = await call('POST', '/api/v1/workers?ttl=1m0s', {
        name: 'again',
        addr: 'a:1',
      });

      expect([deleted.status, beat.status, registered.status]).toEqual([200, 200, 200]);
      expect(registered.text).toBe('');
      expect(stateOf(emulator, 'gone')).toBeUndefined();
      const kept = state === 'stalled' ? 'running' : state;
      expect(JSON.parse(beat.text)).toMatchObject({name: 'beating', state: kept});
      expect(stateOf(emulator, 'beating')).toBe(kept);
      expect(stateOf(emulator, 'again')).toBe('running');
    });
  }

  test(`${profile}: a missing worker is 404, deleted it is 500, registered it appears`, async () => {
    await using emulator = await start({profile});
    const admin = await callAs(emulator, 'test');
    const system = await callAs(emulator, 'system');
    const body = {name: 'w', team: ''};

    const statuses = [
      await admin('PUT', '/api/v1/workers/w/prune'),
      await admin('PUT', '/api/v1/workers/w/land', body),
      await admin('PUT', '/api/v1/workers/w/retire', body),
      await system('PUT', '/api/v1/workers/w/heartbeat?ttl=1m0s', body),
      await system('DELETE', '/api/v1/workers/w', body),
      await system('POST', '/api/v1/workers?ttl=1m0s', {...body, addr: 'a:1'}),
    ].map(({status, text}) => `${status}${text}`);

    expect(statuses).toEqual(['404', '404', '404', '404', '500', '200']);
    expect(stateOf(emulator)).toBe('running');
  });
}

test("from 8.3 on land, retire and delete want a body with the worker's own team", async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'w', team: 'dev'});
  const admin = await callAs(emulator, 'test');
  const system = await callAs(emulator, 'system');

  const refused = [
    await admin('PUT', '/api/v1/workers/w/land'),
    await admin('PUT', '/api/v1/workers/w/land', 'not json'),
    await admin('PUT', '/api/v1/workers/w/retire', {name: 'w', team: ''}),
    await admin('PUT', '/api/v1/workers/w/retire', {name: 'w', team: 'ops'}),
    await system('DELETE', '/api/v1/workers/w'),
    await system('DELETE', '/api/v1/workers/w', {name: 'w'}),
  ];

  expect(refused.map(({status, text}) => `${status}${text}`)).toEqual(
    Array.from({length: 6}, () => '400'),
  );
  expect(stateOf(emulator)).toBe('running');
  const deleted = await system('DELETE', '/api/v1/workers/w', {name: 'w', team: 'dev'});
  expect(deleted.status).toBe(200);
});

test('before 8.3 a body is ignored', async () => {
  await using emulator = await start({profile: 'legacy'});
  emulator.addWorker({name: 'w', team: 'dev'});
  const admin = await callAs(emulator, 'test');

  const landed = await admin('PUT', '/api/v1/workers/w/land');
  const retired = await admin('PUT', '/api/v1/workers/w/retire', {name: 'w', team: 'ops'});

  expect([landed.status, retired.status]).toEqual([200, 200]);
});

test('before 8.3 a delete by somebody not entitled is 200 and deletes nothing', async () => {
  await using emulator = await start({profile: 'legacy'});
  emulator.addWorker({name: 'global'});
  emulator.addWorker({name: 'devs', team: 'dev'});
  const [dev, guest] = [await callAs(emulator, 'dev'), await callAs(emulator, 'guest')];

  const answers = [
    await dev('DELETE', '/api/v1/workers/global'),
    await guest('DELETE', '/api/v1/workers/devs'),
  ];

  expect(answers.map(({status, text}) => `${status}${text}`)).toEqual(['200', '200']);
  expect(emulator.workers()).toHaveLength(2);
  await dev('DELETE', '/api/v1/workers/devs');
  expect(emulator.workers()).toHaveLength(1);
});

test('from 8.3 on only the system deletes, registers and heartbeats', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'w'});
  const admin = await callAs(emulator, 'test');

  const answers = [
    await admin('DELETE', '/api/v1/workers/w', {name: 'w', team: ''}),
    await admin('POST', '/api/v1/workers?ttl=1m0s', {name: 'w', addr: 'a:1'}),
    await admin('PUT', '/api/v1/workers/w/heartbeat?ttl=1m0s', {}),
  ];

  expect(answers.map(({status, text}) => `${status} ${text}`)).toEqual(
    Array.from({length: 3}, () => '403 forbidden'),
  );
});

test('only members and owners act on workers, and only on those of their team', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'global', state: 'stalled'});
  emulator.addWorker({name: 'devs', team: 'dev', state: 'stalled'});
  emulator.addWorker({name: 'opss', team: 'ops', state: 'stalled'});
  const prune = async (who: string, name: string) => {
    const call = await callAs(emulator, who);
    const {status, text} = await call('PUT', `/api/v1/workers/${name}/prune`);
    return `${status} ${text}`.trim();
  };

  expect(await prune('nobody', 'devs')).toBe('401 not authorized');
  expect(await prune('guest', 'devs')).toBe('403 forbidden');
  expect(await prune('dev', 'opss')).toBe('403 forbidden');
  expect(await prune('dev', 'global')).toBe('403 forbidden');
  expect(await prune('dev', 'missing')).toBe('404');
  expect(await prune('dev', 'devs')).toBe('200');
  expect(await prune('test', 'global')).toBe('200');
});

test('a listing shows global workers and those of the teams one is in, with null for no tags', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'global'});
  emulator.addWorker({name: 'devs', team: 'dev', tags: ['t']});
  emulator.addWorker({name: 'opss', team: 'ops'});
  const list = async (who: string) => {
    const call = await callAs(emulator, who);
    return JSON.parse((await call('GET', '/api/v1/workers')).text) as Array<
      Record<string, unknown>
    >;
  };

  expect((await list('test')).map(({name}) => name)).toEqual(['global', 'devs', 'opss']);
  expect((await list('guest')).map(({name, tags}) => [name, tags])).toEqual([
    ['global', null],
    ['devs', ['t']],
  ]);
  const [worker] = await list('test');
  expect(Object.keys(worker!)).not.toContain('expiresAt');
  expect(worker).toMatchObject({state: 'running', max_active_tasks: 0, version: '3.0'});
});

test('without any team a listing is 403 from 8.3 on and before that shows global workers', async () => {
  await using current = await start();
  await using legacy = await start({profile: 'legacy'});
  legacy.addWorker({name: 'global'});

  const refused = await (await callAs(current, 'lonely'))('GET', '/api/v1/workers');
  const shown = await (await callAs(legacy, 'lonely'))('GET', '/api/v1/workers');

  expect(refused).toMatchObject({status: 403, text: 'forbidden'});
  expect(JSON.parse(shown.text)).toMatchObject([{name: 'global', version: '2.5'}]);
});

test('a registration is refused with the reason of the real ATC', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'global'});
  emulator.addWorker({name: 'devs', team: 'dev'});
  const system = await callAs(emulator, 'system');
  const register = async (body: unknown, ttl = '1m0s') => {
    const {status, text} = await system('POST', `/api/v1/workers?ttl=${ttl}`, body);
    return `${status} ${text}`.trim();
  };

  expect(await register({name: 'w', addr: 'a:1'}, 'soon')).toBe('400 malformed ttl');
  expect(await register('nonsense')).toBe('400');
  expect(await register({name: 'w', addr: 'a:1', team: 'nobodys'})).toBe('400');
  expect(await register({name: 'w'})).toBe('400 missing garden address');
  expect(await register({name: 'w', addr: 'a:1', version: '2.x'})).toBe(
    '400 invalid worker version, only numeric characters are allowed',
  );
  expect(await register({name: 'global', addr: 'a:1', team: 'dev'})).toBe('500');
  expect(await register({name: 'devs', addr: 'a:1', team: 'ops'})).toBe('500');
  expect(await register({name: 'devs', addr: 'a:1', team: 'dev'})).toBe('200');
});
