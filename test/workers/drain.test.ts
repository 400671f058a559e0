import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {ourTags} from '../support/tags.js';
import {Interrupted} from '../../src/errors.js';
import type {Emulator} from '../../src/emulator/server.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers, type DestroyRequest} from '../../src/workers/destroy.js';

function destroying(changes: Partial<DestroyRequest> = {}): DestroyRequest {
  return {workerName: 'build-arm', drainSeconds: 0, dryRun: false, ...changes};
}

test('draining waits for running builds, then destroys', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const {name} = workers[0]!;
  emulator.concourse.setUnfinishedContainers(name, 1);
  const startedAt = emulator.clock.now();
  setTimeout(() => {
    emulator.concourse.setUnfinishedContainers(name, 0);
  }, 400);

  await destroyWorkers(destroying({drainSeconds: 600}), context);

  expect(emulator.clock.now() - startedAt).toBeGreaterThan(40_000);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('draining ends when its time is up, builds or not', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  emulator.concourse.setUnfinishedContainers(workers[0]!.name, 1);

  await destroyWorkers(destroying({drainSeconds: 30}), context);

  expect(progress.join('\n')).toContain('had not left the list after 30 s');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test.each([
  ['there is no login', {}, {login: undefined}],
  // The port that nothing listens on.
  ['the TSA is down', {}, {tsaPort: 1}],
  ['two webs disagree about the list', {secondReadOnly: true}, {}],
])('draining lets a build end when %s', async (_, options, access) => {
  await using emulator = await startQuick(options);
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const {name} = workers[0]!;
  emulator.concourse.setUnfinishedContainers(name, 1);
  const drainer = await connect(emulator, {concourse: access});
  const startedAt = emulator.clock.now();
  setTimeout(() => {
    emulator.concourse.setUnfinishedContainers(name, 0);
  }, 400);

  await destroyWorkers(destroying({drainSeconds: 90}), drainer.context);

  expect(emulator.clock.now() - startedAt).toBeGreaterThan(40_000);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('draining takes all its time when the login does not see the workers', async () => {
  await using emulator = await startQuick({users: ['bob:pw:web=member'], teams: ['dev']});
  const {context} = await connect(emulator, {concourse: {team: 'dev'}});
  await createWorkers(await request(), context);
  const login = {username: 'bob', password: 'pw'};
  const bob = await connect(emulator, {concourse: {login, team: 'dev'}});
  const startedAt = emulator.clock.now();

  await destroyWorkers(destroying({drainSeconds: 60}), bob.context);

  expect(emulator.clock.now() - startedAt).toBeGreaterThan(55_000);
  expect(bob.progress.join('\n')).toContain('could not be told: the CI server does not show');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test("a droplet that became somebody else's while its worker was drained is left alone", async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);
  const {workers} = await createWorkers(await request({count: 2}), context);
  const [given, kept] = emulator.digitalOcean.droplets();
  emulator.concourse.setUnfinishedContainers(workers[0]!.name, 1);
  setTimeout(() => {
    given!.tags.delete('do-worker');
  }, 100);

  const {workers: gone} = await destroyWorkers(destroying({drainSeconds: 30}), context);

  expect(emulator.digitalOcean.droplets()).toEqual([given]);
  expect(gone.map(({name}) => name)).toEqual([kept!.name]);
  expect(progress.join('\n')).toContain(`Left alone: ${given!.name} `);
});

test('a droplet of which that cannot be told after a drain keeps no other', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({count: 2}), context);
  const [hidden] = emulator.digitalOcean.droplets();
  setTimeout(() => {
    hidden!.tags.delete('do-worker:name:build-arm');
    emulator.digitalOcean.faults.push({
      method: 'GET',
      path: `/v2/droplets/${hidden!.id}`,
      kind: 'status',
      status: 500,
    });
  }, 50);
  emulator.concourse.setUnfinishedContainers(hidden!.name, 1);

  await expect(destroyWorkers(destroying({drainSeconds: 30}), context)).rejects.toMatchObject({
    code: 'NOT_DESTROYED',
    message: expect.stringMatching(
      /^1 of 2 droplets .*still billed:\n.*whether it is still ours could not be told/v,
    ),
  });

  expect(emulator.digitalOcean.droplets()).toEqual([hidden]);
});

test('an interrupt while builds drain says what is still there, and billed', async () => {
  await using emulator = await startQuick();
  const {context, abort} = await connect(emulator, {
    onPhase(name) {
      if (name === 'drain') {
        setTimeout(() => {
          abort(new Interrupted('SIGTERM'));
        }, 100);
      }
    },
  });
  const {workers} = await createWorkers(await request({runKey: 'b7'}), context);
  const {name, id} = workers[0]!;
  emulator.concourse.setUnfinishedContainers(name, 1);

  const destroyed = destroyWorkers(destroying({runKey: 'b7', drainSeconds: 3600}), context);

  await expect(destroyed).rejects.toMatchObject({
    message: `Interrupted by SIGTERM: the deletion of ${name} (https://cloud.digitalocean.com/droplets/${id}) was not asked for yet: still billed`,
    suggestions: expect.arrayContaining([
      'Finish it: do-worker destroy build-arm --kind concourse --run b7',
    ]),
  });
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
});

/** What a worker is as time goes by, each state once; "gone" while no list has it. */
function watchStates(
  emulator: Emulator,
  name: string,
): {states: string[]; [Symbol.dispose]: () => void} {
  const states: string[] = [];
  const timer = setInterval(() => {
    const state = emulator.concourse.workers().find((row) => row.name === name)?.state ?? 'gone';
    if (states.at(-1) !== state) {
      states.push(state);
    }
  }, 5);
  return {
    states,
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

test('an idle worker is destroyed at once, and takes no new builds while another has its time', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request({count: 2}), context);
  const [idle, busy] = workers.map(({name}) => name);
  emulator.concourse.setUnfinishedContainers(busy!, 1);
  using watched = watchStates(emulator, idle!);

  const destroyed = destroyWorkers(destroying({drainSeconds: 120}), context);
  await delay(1100);

  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([busy]);
  const {workers: gone, removed} = await destroyed;
  expect(watched.states.slice(watched.states.indexOf('gone'))).toEqual(['gone']);
  expect(new Set(gone.map(({name}) => name))).toEqual(new Set([idle, busy]));
  expect(new Set(removed)).toEqual(new Set([idle, busy]));
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a worker that nobody sees, and that registers again once it is idle, is told again', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const blind = await connect(emulator, {concourse: {login: undefined}});
  const {tsaRequests} = emulator.concourse;
  const begun = tsaRequests.length;

  await destroyWorkers(destroying({drainSeconds: 150}), blind.context);

  const commands = tsaRequests.slice(begun).map(({command}) => command?.split(' ')[0]);
  expect(commands.slice(commands.indexOf('forward-worker'))).toContain('retire-worker');
});

test('builds have their time though the workers cannot be told to take no new ones', async () => {
  await using emulator = await startQuick({users: ['bob:pw:main=member']});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const bob = await connect(emulator, {
    concourse: {login: {username: 'bob', password: 'pw'}, workerKey: undefined},
  });
  const startedAt = emulator.clock.now();

  await destroyWorkers(destroying({drainSeconds: 60}), bob.context).catch(() => undefined);

  expect(emulator.clock.now() - startedAt).toBeGreaterThan(55_000);
  const notes = bob.progress.filter((line) => line.startsWith('Workers may go on taking'));
  expect(notes).toEqual([expect.stringContaining('403')]);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a worker that the TSA may not retire is retired with the login', async () => {
  await using emulator = await startQuick({teamKeys: ['dev']});
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const {name} = workers[0]!;
  emulator.concourse.setUnfinishedContainers(name, 1);
  const workerKey = emulator.concourse.teamKeys.dev;
  const {context: ofTeam, progress} = await connect(emulator, {concourse: {workerKey}});
  using watched = watchStates(emulator, name);

  await destroyWorkers(destroying({drainSeconds: 30}), ofTeam);

  expect(watched.states.slice(0, 2)).toEqual(['running', 'retiring']);
  expect(progress.join('\n')).not.toContain('may go on taking');
});

test('with the CI id of another CI server, a list that lacks the workers does not say that they are idle', async () => {
  const ciId = 'deadbeef';
  await using emulator = await startQuick();
  emulator.digitalOcean.add({
    name: 'build-arm-b1-abcdefgh',
    tags: ourTags(ciId),
  });
  const {context} = await connect(emulator);
  const stale = 'build-arm-b2-abcdefgh';
  emulator.concourse.addWorker({name: stale, tags: ['build-arm'], state: 'stalled'});
  const startedAt = emulator.clock.now();

  await destroyWorkers(destroying({drainSeconds: 60, ciId}), context);

  expect(emulator.clock.now() - startedAt).toBeGreaterThan(55_000);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers().map(({name}) => name)).toEqual([stale]);
});

test('without a CI server there is no draining, and so no destroying', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {digitalOcean} = emulator;

  const {message} = await failure(
    destroyWorkers(destroying({drainSeconds: 60}), {...context, ci: undefined}),
  );

  expect(message).toBe(
    'No CI server is named, so nobody tells when builds have ended: name it, or leave out --drain',
  );
  expect(digitalOcean.requests).toEqual([]);
});

test('a worker without a droplet here that has come back by the end of a drain is left alone', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  emulator.concourse.setUnfinishedContainers(workers[0]!.name, 1);
  const other = {name: 'build-arm-b2-abcdefgh', tags: ['build-arm']};
  emulator.concourse.addWorker({...other, state: 'landed'});
  setTimeout(() => {
    emulator.concourse.addWorker({...other, state: 'running'});
  }, 150);

  await destroyWorkers(destroying({drainSeconds: 30}), context);

  expect(emulator.concourse.workers().map(({name}) => name)).toEqual([other.name]);
});

test('an interrupt after a drain tells those that were deleted from those of which it cannot be told', async () => {
  await using emulator = await startQuick({destroyMs: 60_000});
  const hide = () => {
    const [hidden] = emulator.digitalOcean.droplets();
    hidden!.tags.delete('do-worker:name:build-arm');
    emulator.digitalOcean.faults.push({
      method: 'GET',
      path: `/v2/droplets/${hidden!.id}`,
      kind: 'status',
      status: 403,
    });
  };

  const {context, abort} = await connect(emulator, {
    onPhase(name) {
      if (name === 'drain') {
        hide();
      } else if (name === 'delete') {
        setTimeout(abort, 300, new Interrupted('SIGTERM'));
      }
    },
  });
  const {workers} = await createWorkers(await request({count: 2}), context);
  const [unclear, deleted] = workers.map(
    ({name, id}) => `${name} (https://cloud.digitalocean.com/droplets/${id})`,
  );
  for (const {name} of workers) {
    emulator.concourse.setUnfinishedContainers(name, 1);
  }

  const {message} = await failure(destroyWorkers(destroying({drainSeconds: 10}), context));

  expect(message).toBe(
    `Interrupted by SIGTERM: the deletion of ${deleted} was asked for, but not confirmed; the deletion of ${unclear} was not asked for yet: still billed`,
  );
});
