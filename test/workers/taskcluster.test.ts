import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {Interrupted} from '../../src/errors.js';
import {cleanUp} from '../../src/workers/cleanup.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {listWorkers} from '../../src/workers/list.js';
import {connect, startQuick, taskclusterRequest} from '../support/connect.js';

const kind = 'taskcluster';
const cleaning = {graceSeconds: 900, dryRun: false};
const destroying = {workerName: 'build-arm', drainSeconds: 0, dryRun: false};

test('makes a worker known before its droplet exists, and returns when it has asked for work', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  // So late that whoever does not wait for the records makes his droplets before them.
  emulator.taskcluster.addFault({method: 'PUT', path: '*', kind: 'slow', ms: 9000});

  const {workers} = await createWorkers(await taskclusterRequest({count: 2}), context);

  const records = emulator.taskcluster.workers();
  expect(records.map(({workerId}) => workerId).toSorted()).toEqual(
    workers.map(({name}) => name).toSorted(),
  );
  expect(records.map(({workerGroup, state}) => [workerGroup, state])).toEqual([
    ['ams3', 'running'],
    ['ams3', 'running'],
  ]);
  expect(new Set(records.map(({staticSecret}) => staticSecret)).size).toBe(2);
  expect(workers.map(({workerState}) => workerState)).toEqual(['running', 'running']);
  for (const [index, droplet] of emulator.digitalOcean.everyDroplet().entries()) {
    expect(droplet.createdAt).toBeGreaterThanOrEqual(records[index]!.created);
  }
});

test('destroy removes both sides, and twice is no error', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);

  const first = await destroyWorkers(destroying, context);
  const second = await destroyWorkers(destroying, context);

  expect(first.removed).toHaveLength(1);
  expect(second).toMatchObject({workers: [], removed: []});
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.taskcluster.workers().map(({state}) => state)).toEqual(['stopped']);
});

test('a name with no room in a worker id is cut there, and belongs to its own name alone', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  const workerName = 'integration-tests-on-arm64';
  const similar = {...cleaning, workerName: 'integration-tests-on-amd64'};

  const {workers} = await createWorkers(await taskclusterRequest({workerName, count: 2}), context);
  const again = await listWorkers({kinds: [kind], workerName}, [context.ci!], context);
  const {removed} = await destroyWorkers({...destroying, workerName}, context);

  expect(workers[0]!.name).toMatch(/^integration-te--[0-9a-f]{6}-[0-9a-z]{6}-[0-9a-z]{8}$/v);
  expect(again.map(({name}) => name).toSorted()).toEqual(workers.map(({name}) => name).toSorted());
  expect(removed!.toSorted()).toEqual(workers.map(({name}) => name).toSorted());
  expect(emulator.digitalOcean.droplets()).toEqual([]);

  const {taskcluster, clock} = emulator;
  const workerId = workers[0]!.name.replace(/.{8}$/v, 'abcdefgh');
  const created = clock.now() - 95 * 60_000;
  taskcluster.addWorker({
    workerPoolId: taskcluster.pool,
    workerGroup: 'ams3',
    workerId,
    created,
  });
  const ofOther = await cleanUp(similar, context);
  const ofOwn = await cleanUp({...similar, workerName}, context);
  expect(ofOther.decisions).toEqual([]);
  expect(ofOwn.decisions).toMatchObject([{what: 'worker', name: workerId, action: 'deleted'}]);
});

test('cleanup goes both ways: droplets without a worker, and records without a droplet', async () => {
  await using emulator = await startQuick();
  const {taskcluster, digitalOcean, clock} = emulator;
  const {context} = await connect(emulator, {kind});
  const record = (workerGroup: string, workerId: string, minutes: number) => {
    const created = clock.now() - minutes * 60_000;
    taskcluster.addWorker({workerPoolId: taskcluster.pool, workerGroup, workerId, created});
  };

  digitalOcean.add({
    name: 'mute-b1-abcdefgh',
    ageSeconds: 1200,
    tags: [
      'do-worker',
      'do-worker:kind:taskcluster',
      `do-worker:ci:${ciIdOf(await context.ci!.externalUrl())}`,
      'do-worker:name:mute',
      'do-worker:ttl:3600',
    ],
  });
  record('ams3', 'mute-b1-abcdefgh', 20);
  record('ams3', 'silent-b1-abcdefgh', 95);
  record('ams3', 'young-b1-abcdefgh', 85);
  record('rack7', 'theirs-b1-abcdefgh', 95);
  record('ams3', 'theirs', 95);

  await cleanUp(cleaning, context);

  expect(digitalOcean.droplets()).toEqual([]);
  expect(
    taskcluster
      .workers()
      .filter(({state}) => state === 'running')
      .map(({workerId}) => workerId),
  ).toEqual(['young-b1-abcdefgh', 'theirs-b1-abcdefgh', 'theirs']);
});

test('list asks each kind for its own workers', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);

  const listed = await listWorkers({kinds: ['concourse', kind]}, [context.ci!], context);

  expect(listed).toMatchObject([{kind, workerState: 'running'}]);
});

test('a create that is refused leaves no record', async () => {
  await using emulator = await startQuick({dropletLimit: 0});
  const {context} = await connect(emulator, {kind});

  await expect(createWorkers(await taskclusterRequest(), context)).rejects.toMatchObject({
    code: 'DROPLET_LIMIT',
  });

  expect(emulator.taskcluster.workers().filter(({state}) => state === 'running')).toEqual([]);
});

test('commands that an error suggests are for this kind and this CI id', async () => {
  await using emulator = await startQuick({neverConnect: true, ignoreDeletes: 1000});
  const {context} = await connect(emulator, {kind});
  const wanted = {runKey: 'b7', ciId: 'deadbeef', timeoutSeconds: 60};

  const creating = createWorkers(
    await taskclusterRequest({...wanted, keepOnFailure: true}),
    context,
  );

  const again =
    'do-worker destroy build-arm --kind taskcluster --run b7 --ci-id deadbeef --worker-pool demo/pool';
  await expect(creating).rejects.toMatchObject({
    suggestions: expect.arrayContaining([`When you have seen enough: ${again}`]),
  });
  await expect(
    destroyWorkers({...destroying, runKey: 'b7', ciId: 'deadbeef'}, context),
  ).rejects.toMatchObject({suggestions: [`Try again: ${again}`]});
});

test('a record that destroy could not remove is for cleanup, not for destroy again', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);
  emulator.taskcluster.addFault({method: 'DELETE', path: '*', kind: 'status', status: 403});

  await expect(destroyWorkers(destroying, context)).rejects.toMatchObject({
    code: 'WORKER_LEFT',
    suggestions: expect.arrayContaining([
      'Or leave it to do-worker cleanup --kind taskcluster --worker-pool demo/pool',
    ]),
  });

  emulator.taskcluster.clearFaults();
  emulator.taskcluster.settings.taskclusterDateSkewSeconds = 2 * 3600;
  await cleanUp({graceSeconds: 900, dryRun: false}, context);
  expect(emulator.taskcluster.workers().map(({state}) => state)).toEqual(['stopped']);
});

test('a destroy that is interrupted says what takes away the record that another leaves', async () => {
  await using emulator = await startQuick({destroyMs: 20_000});
  const {context, abort} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);

  const ended = expect(destroyWorkers(destroying, context)).rejects.toMatchObject({
    code: 'INTERRUPTED',
    suggestions: expect.arrayContaining([
      expect.stringMatching(
        /until do-worker cleanup --kind taskcluster --worker-pool demo\/pool$/v,
      ),
    ]),
  });
  while (emulator.digitalOcean.requests.every(({method}) => method !== 'DELETE')) {
    await delay(1);
  }

  abort(new Interrupted('SIGINT'));
  await ended;
});

test('of two creates of one run, the one that yields leaves no record', async () => {
  await using emulator = await startQuick({bootMs: 30_000});
  const {context} = await connect(emulator, {kind});
  const request = await taskclusterRequest({runKey: 'b7'});

  const created = await Promise.all([
    createWorkers(request, context),
    createWorkers(request, context),
  ]);

  const [droplet] = emulator.digitalOcean.droplets();
  expect(created.map(({workers}) => workers.map(({name}) => name))).toEqual([
    [droplet!.name],
    [droplet!.name],
  ]);
  const states = emulator.taskcluster.workers().map(({workerId, state}) => [workerId, state]);
  expect(states).toHaveLength(2);
  expect(states.filter(([, state]) => state === 'running')).toEqual([[droplet!.name, 'running']]);
});

test('cleanup keeps the record of a silent worker whose droplet has lost a tag', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);
  const [droplet] = emulator.digitalOcean.droplets();
  droplet!.tags.delete('do-worker:kind:taskcluster');
  emulator.taskcluster.settings.taskclusterDateSkewSeconds = 2 * 3600;

  const {decisions} = await cleanUp({graceSeconds: 900, dryRun: false}, context);

  expect(decisions).toMatchObject([{what: 'droplet', name: droplet!.name, action: 'unknown'}]);
  expect(emulator.taskcluster.workers().map(({state}) => state)).toEqual(['running']);
});

test('cleanup deletes a droplet whose worker never asked for work, and its record', async () => {
  await using emulator = await startQuick({neverConnect: true});
  const {context} = await connect(emulator, {kind});
  const request = await taskclusterRequest({timeoutSeconds: 30, keepOnFailure: true});
  await expect(createWorkers(request, context)).rejects.toMatchObject({code: 'TIMEOUT'});
  const cleanup = {graceSeconds: 900, dryRun: false};

  const early = await cleanUp(cleanup, context);
  emulator.digitalOcean.settings.clockSkewSeconds = 1000;
  const late = await cleanUp(cleanup, context);

  expect(early.decisions).toMatchObject([{action: 'keep', reason: 'within its boot grace'}]);
  expect(late.decisions.filter(({what}) => what !== 'tag')).toMatchObject([
    {what: 'droplet', action: 'deleted', reason: 'not registered'},
    {what: 'worker', action: 'deleted', reason: 'announced, without a droplet'},
  ]);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.taskcluster.workers().map(({state}) => state)).toEqual(['stopped']);
});

test('a list on several pages is a whole one', async () => {
  await using emulator = await startQuick({workerPageSize: 1});
  const {context} = await connect(emulator, {kind});

  const {workers} = await createWorkers(await taskclusterRequest({count: 3}), context);
  const {counts} = await cleanUp({graceSeconds: 0, dryRun: false}, context);
  const {removed} = await destroyWorkers(destroying, context);

  expect(counts).toEqual({deleted: 0, kept: 3, left: 0, unknown: 0});
  expect(removed!.toSorted()).toEqual(workers.map(({name}) => name).toSorted());
});

test('a next placement is tried under a new name, and the record of the first is removed', async () => {
  await using emulator = await startQuick({soldOut: ['s-2vcpu-2gb']});
  const {context} = await connect(emulator, {kind});

  await createWorkers(
    await taskclusterRequest({sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb'], count: 2}),
    context,
  );

  const records = emulator.taskcluster.workers();
  expect(new Set(records.map(({workerId}) => workerId)).size).toBe(records.length);
  expect(records.map(({state}) => state).toSorted()).toEqual([
    'running',
    'running',
    'stopped',
    'stopped',
  ]);
});

test('a fleet that is enough keeps no record of the rest', async () => {
  await using emulator = await startQuick({failCreate: 1});
  const {context} = await connect(emulator, {kind});

  const {workers} = await createWorkers(await taskclusterRequest({count: 2, min: 1}), context);

  const running = emulator.taskcluster.workers().filter(({state}) => state === 'running');
  expect(running.map(({workerId}) => workerId)).toEqual(workers.map(({name}) => name));
  expect(running).toHaveLength(1);
});

test('an undo that takes all its time for droplets still removes their records', async () => {
  await using emulator = await startQuick({failCreate: 1});
  const {context} = await connect(emulator, {
    kind: 'taskcluster',
    onPhase(name) {
      emulator.digitalOcean.settings.slowMs = name === 'undo' ? 20_000 : 0;
    },
  });

  await expect(createWorkers(await taskclusterRequest(), context)).rejects.toThrow();

  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.taskcluster.workers().filter(({state}) => state === 'running')).toEqual([]);
});

test('answers to createWorker that are lost leave nothing', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  // The check of the scopes comes first.
  emulator.taskcluster.addFault({method: 'PUT', path: '*', kind: 'lost', after: 1});

  await expect(createWorkers(await taskclusterRequest({count: 2}), context)).rejects.toMatchObject({
    code: 'NO_ANSWER',
  });

  expect(emulator.taskcluster.workers().map(({state}) => state)).toEqual(['stopped', 'stopped']);
  expect(emulator.digitalOcean.everyDroplet()).toEqual([]);
});

test('an interrupt ends the announcing of workers, and is what is told', async () => {
  await using emulator = await startQuick();
  const {taskcluster} = emulator;
  const {context, abort} = await connect(emulator, {kind});
  const announced = () => taskcluster.requests.filter(({method}) => method === 'PUT').slice(1);
  // The check of the scopes comes first.
  taskcluster.addFault({
    method: 'PUT',
    path: '*',
    kind: 'status',
    status: 500,
    after: 1,
    times: 1000,
  });

  const creating = createWorkers(await taskclusterRequest(), context);
  const ended = expect(creating).rejects.toMatchObject({code: 'INTERRUPTED', oclif: {exit: 130}});
  while (announced().length === 0) {
    await delay(1);
  }

  abort(new Interrupted('SIGINT'));
  await ended;

  expect(announced().length).toBeLessThan(4);
});

test('cleanup is quiet when all is well', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {kind});
  await createWorkers(await taskclusterRequest(), context);

  const {counts} = await cleanUp(cleaning, context);

  expect(counts).toEqual({deleted: 0, kept: 1, left: 0, unknown: 0});
});

test('what is to be typed next names the kind, for without it another would be meant', async () => {
  await using emulator = await startQuick({neverConnect: true});
  const {context} = await connect(emulator, {kind});
  const kept = {keepOnFailure: true, timeoutSeconds: 60, runKey: 'b7'};

  await expect(
    createWorkers(await taskclusterRequest({...kept, ciId: '11111111'}), context),
  ).rejects.toMatchObject({
    suggestions: expect.arrayContaining([
      'When you have seen enough: do-worker destroy build-arm --kind taskcluster --run b7 --ci-id 11111111 --worker-pool demo/pool',
    ]),
  });
  await expect(
    createWorkers(await taskclusterRequest({...kept, ciId: '22222222'}), context),
  ).rejects.toMatchObject({code: 'TIMEOUT'});

  const withoutCi = {...context, ci: undefined};
  await expect(destroyWorkers({...destroying, runKey: 'b7'}, withoutCi)).rejects.toMatchObject({
    suggestions: [
      'Say which are meant: do-worker destroy build-arm --kind taskcluster --run b7 --ci-id ID',
    ],
  });
  await expect(cleanUp(cleaning, withoutCi)).rejects.toMatchObject({
    suggestions: ['Say which are meant: do-worker cleanup --kind taskcluster --ci-id ID'],
  });
});

test('a record that is gone when its removal arrives is removed', async () => {
  let isForgetful = false;
  await using emulator = await startQuick({
    atTaskclusterRequest(when, {path}) {
      if (isForgetful && when === 'after' && path.includes('state=running')) {
        for (const row of emulator.taskcluster.workers()) {
          emulator.taskcluster.forgetWorker(row);
        }
      }
    },
  });
  const {context} = await connect(emulator, {kind});
  const {workers} = await createWorkers(await taskclusterRequest(), context);
  const before = emulator.taskcluster.requests.length;
  isForgetful = true;

  const left = await context.ci!.remove([workers[0]!.name], context.signal);

  expect(left).toEqual([]);
  expect(
    emulator.taskcluster.requests
      .slice(before)
      .filter(({path}) => !path.includes('claim-work'))
      .map(({method, status}) => `${method} ${status}`),
  ).toEqual(['GET 200', 'DELETE 404']);
});
