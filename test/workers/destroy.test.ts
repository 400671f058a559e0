import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {ourTags} from '../support/tags.js';
import {ActionableError, Interrupted} from '../../src/errors.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers, type DestroyRequest} from '../../src/workers/destroy.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {listWorkers} from '../../src/workers/list.js';

function destroying(changes: Partial<DestroyRequest> = {}): DestroyRequest {
  return {workerName: 'build-arm', drainSeconds: 0, dryRun: false, ...changes};
}

test('destroys every run of a name, and takes the workers off the list', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({count: 2}), context);
  await createWorkers(await request(), context);

  const {workers, removed} = await destroyWorkers(destroying({workerName: 'Build-ARM'}), context);

  expect(workers).toHaveLength(3);
  expect(removed).toHaveLength(3);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('destroys one run alone when it is named', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({runKey: 'b1'}), context);
  await createWorkers(await request({runKey: 'b2'}), context);

  await destroyWorkers(destroying({runKey: 'B1'}), context);

  const left = await listWorkers({kinds: ['concourse']}, [], context);
  expect(left.map(({run}) => run)).toEqual(['b2']);
});

test.each([['lists them as workers'], ['does not answer']])(
  'destroys GPU droplets beside others of the name when the CI server %s',
  async (claim) => {
    await using emulator = await startQuick();
    const {context} = await connect(emulator);
    await createWorkers(await request(), context);
    await createWorkers(await request({sizes: ['gpu-h100x1-80gb'], regions: ['tor1']}), context);
    if (claim === 'does not answer') {
      emulator.concourse.addFault({
        method: 'GET',
        path: '/api/v1/workers',
        kind: 'status',
        status: 502,
      });
    }

    await destroyWorkers(destroying(), context).catch(() => undefined);

    expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([]);
  },
);

test('destroys the GPU droplets of a run that was killed before they registered', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const ciId = ciIdOf(await context.ci!.externalUrl());
  emulator.digitalOcean.add(
    {name: 'build-arm-b1-abcdefgh', tags: ourTags(ciId)},
    {name: 'build-arm-b1-bcdefghi', tags: ourTags(ciId), size: 'gpu-h100x1-80gb'},
  );

  await destroyWorkers(destroying({runKey: 'b1'}), context);

  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([]);
});

test('needs three calls for one droplet: list, delete, verify', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.digitalOcean.requests.length = 0;

  await destroyWorkers(destroying(), context);

  expect(emulator.digitalOcean.requests.map(({method}) => method)).toEqual([
    'GET',
    'DELETE',
    'GET',
  ]);
});

test('finding nothing is success', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);

  const destroyed = await destroyWorkers(destroying(), context);

  expect(destroyed).toEqual({workers: [], removed: [], dryRun: false});
});

test('a droplet that is gone already is success, and its stalled worker still goes', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.concourse.addWorker({
    name: 'build-arm-b1-abcdefgh',
    tags: ['build-arm'],
    state: 'stalled',
  });

  const {removed} = await destroyWorkers(destroying(), context);

  expect(removed).toEqual(['build-arm-b1-abcdefgh']);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('never takes off a running worker that has no droplet here: it may be of another account', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.concourse.addWorker({name: 'build-arm-b1-abcdefgh', tags: ['build-arm']});

  const {removed} = await destroyWorkers(destroying(), context);

  expect(removed).toEqual([]);
  expect(emulator.concourse.workers()).toHaveLength(1);
});

test('with a CI id that is not theirs, touches neither droplets nor workers, and names what is there', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);

  await destroyWorkers(destroying({ciId: 'deadbeef'}), context);

  expect(progress.join('\n')).toContain(
    `Not meant, and still there: ${workers[0]!.name} (concourse, run `,
  );
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  expect(emulator.concourse.workers()).toHaveLength(1);
});

test('Ctrl-C says that the deletion is not confirmed, and exits with 130', async () => {
  await using emulator = await startQuick({destroyMs: 60_000});
  const connected = await connect(emulator, {
    onPhase(name) {
      if (name === 'delete') {
        setTimeout(() => {
          connected.abort(new Interrupted('SIGINT'));
        }, 100);
      }
    },
  });
  await createWorkers(await request(), connected.context);

  const error: unknown = await destroyWorkers(destroying(), connected.context).catch(
    (error: unknown) => error,
  );

  expect(error).toMatchObject({code: 'INTERRUPTED', oclif: {exit: 130}});
  expect((error as Error).message).toContain('not confirmed');
});

test('waits while DigitalOcean still lists what it deleted', async () => {
  await using emulator = await startQuick({destroyMs: 25_000});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);

  await destroyWorkers(destroying(), context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('deletes again what a 204 did not delete', async () => {
  await using emulator = await startQuick({ignoreDeletes: 1});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);

  await destroyWorkers(destroying(), context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a 404 to the DELETE of a droplet that lists show is no proof that it is gone', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets/',
    kind: 'status',
    status: 404,
    times: 1,
  });

  await destroyWorkers(destroying(), context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('misses none of a run when another destroy shifts the pages that it reads', async () => {
  let shifts = 0;
  await using emulator = await startQuick({
    dropletLimit: 1000,
    async onResponse({method, path}) {
      const isFirstPage = path.includes('tag_name=') && /[&?]page=1(?:&|$)/v.test(path);
      if (method === 'GET' && isFirstPage && shifts < 2) {
        await other.context.digitalOcean.deleteDroplet(ids[shifts++]!);
      }
    },
  });
  const [{context}, other] = [await connect(emulator), await connect(emulator)];
  const named = (run: string, index: number) => ({
    name: `build-arm-${run}-${String(index).padStart(8, '0')}`,
    tags: ourTags(ciIdOf(emulator.concourse.url)),
  });
  const ids = emulator.digitalOcean
    .add(...Array.from({length: 199}, (_, index) => named('b1', index)))
    .map(({id}) => id);
  emulator.digitalOcean.add(...Array.from({length: 3}, (_, index) => named('b2', index)));

  await destroyWorkers(destroying({runKey: 'b2'}), context);

  expect(shifts).toBe(2);
  expect(emulator.digitalOcean.droplets().filter(({name}) => name.includes('-b2-'))).toEqual([]);
});

test('a second DELETE that is refused keeps nobody from waiting for the first', async () => {
  await using emulator = await startQuick({destroyMs: 30_000});
  const {context} = await connect(emulator);
  await createWorkers(await request({count: 2}), context);
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets/',
    kind: 'status',
    status: 403,
    after: 2,
  });

  const {workers} = await destroyWorkers(destroying(), context);

  expect(workers).toHaveLength(2);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('retries a droplet with a pending event', async () => {
  await using emulator = await startQuick({pendingEventOnCreate: true, createMs: 20_000});
  const {context} = await connect(emulator);
  await context.digitalOcean.createDroplets({
    names: ['build-arm-b1-abcdefgh'],
    region: 'ams3',
    size: 's-2vcpu-2gb',
    image: 'ubuntu-24-04-x64',
    user_data: '',
    tags: ourTags('0123abcd'),
  });

  await destroyWorkers(destroying({ciId: '0123abcd'}), context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('destroys with the last of an hourly budget, lists and all', async () => {
  await using emulator = await startQuick({burstLimit: 0});
  const {context} = await connect(emulator);
  await createWorkers(await request({count: 2}), context);
  emulator.digitalOcean.settings.hourlyLimit = emulator.digitalOcean.requests.length + 40;
  await context.digitalOcean.account();

  const {workers} = await destroyWorkers(destroying(), context);

  expect(workers).toHaveLength(2);
});

test('never touches a droplet that lacks any mark of ours', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const {ciId} = workers[0]!;
  const own = ourTags(ciId);
  emulator.digitalOcean.add(
    ...own.slice(0, 4).map((missing, index) => ({
      name: `build-arm-b${index}-abcdefgh`,
      tags: own.filter((tag) => tag !== missing),
    })),
    {name: 'build-arm', tags: own},
    {name: 'build-arm-abcdefgh', tags: own},
    {name: 'my-build-arm-b1-abcdefgh', tags: own},
    {name: 'build-arm-b1-abcdefgh', tags: ourTags('ffffffff')},
    {name: 'build-arm-b2-abcdefgh', tags: [...ourTags(ciId), 'do-worker:name:other']},
    {
      name: 'build-arm-b3-abcdefgh',
      tags: own.map((tag) => tag.replace('concourse', 'taskcluster')),
    },
  );

  const destroyed = await destroyWorkers(destroying(), context);

  expect(destroyed.workers.map(({name}) => name)).toEqual([workers[0]!.name]);
  expect(emulator.digitalOcean.droplets()).toHaveLength(10);
  expect(emulator.digitalOcean.requests.filter(({method}) => method === 'DELETE')).toHaveLength(1);
});

test('knows ours by tags in another spelling', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.digitalOcean.add({
    name: 'build-arm-b1-abcdefgh',
    tags: ourTags('0123abcd').map((tag) => tag.toUpperCase()),
  });

  const {workers} = await destroyWorkers(destroying({ciId: '0123abcd'}), context);

  expect(workers).toHaveLength(1);
});

test('with the CI server down, deletes the droplets that its URL points to, and says what is left', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.concourse.addFault({method: '*', path: '*', kind: 'status', status: 503});
  const again = await connect(emulator);

  const destroying_ = destroyWorkers(destroying(), again.context);

  await expect(destroying_).rejects.toMatchObject({code: 'WORKER_LEFT'});
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('with the CI server down and a CI id given, destroying the droplets is success', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const down = await connect(emulator, {concourse: {url: 'http://127.0.0.1:9', tsaPort: 9}});

  const destroyed = await destroyWorkers(destroying({ciId: workers[0]!.ciId}), down.context);

  expect(destroyed).toMatchObject({removed: null, workers: [{workerState: 'unknown'}]});
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('with no way to tell whose they are, lists the CI ids and deletes nothing', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.digitalOcean.add(
    {name: 'build-arm-b1-abcdefgh', tags: ourTags('11111111')},
    {name: 'build-arm-b1-hgfedcba', tags: ourTags('22222222')},
  );

  const error: unknown = await destroyWorkers(destroying(), {...context, ci: undefined}).catch(
    (error: unknown) => error,
  );

  expect(error).toBeInstanceOf(ActionableError);
  expect((error as Error).message).toMatch(/11111111[\s\S]*22222222/v);
  expect((error as ActionableError).suggestions.join('')).toContain('--ci-id');
  expect(emulator.digitalOcean.droplets()).toHaveLength(2);
});

test('without a CI server, a name that one CI id uses can be destroyed', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.digitalOcean.add({name: 'build-arm-b1-abcdefgh', tags: ourTags('11111111')});

  const {workers, removed} = await destroyWorkers(destroying(), {...context, ci: undefined});

  expect(workers).toMatchObject([{dropletStatus: 'destroyed', workerState: 'unknown'}]);
  expect(removed).toBeNull();
});

test('a dry run shows what would go and deletes nothing', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);

  const destroyed = await destroyWorkers(destroying({dryRun: true}), context);

  expect(destroyed).toMatchObject({dryRun: true, removed: [workers[0]!.name]});
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  expect(emulator.concourse.workers()).toHaveLength(1);
});

test.each([['legacy'], ['current']])(
  'without a worker key, an admin removes workers by retire and prune (%s)',
  async (profile) => {
    await using emulator = await startQuick({profile});
    const {context} = await connect(emulator);
    await createWorkers(await request(), context);
    const keyless = await connect(emulator, {
      concourse: {workerKey: undefined, tsaPublicKey: undefined},
    });

    const {removed} = await destroyWorkers(destroying(), keyless.context);

    expect(removed).toHaveLength(1);
    expect(emulator.concourse.workers()).toEqual([]);
  },
);

test('without a key or the right to prune, waits until the worker has left the list', async () => {
  await using emulator = await startQuick({users: ['bob:pw:web=member']});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const bob = await connect(emulator, {
    concourse: {
      workerKey: undefined,
      tsaPublicKey: undefined,
      login: {username: 'bob', password: 'pw'},
    },
  });

  await destroyWorkers(destroying(), bob.context);

  expect(emulator.concourse.workers()).toEqual([]);
});

test('with a worker key alone, a worker that is gone already is no failure', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {concourse: {login: undefined}});
  emulator.digitalOcean.add({
    name: 'build-arm-b1-abcdefgh',
    tags: ourTags(ciIdOf(emulator.concourse.url)),
  });

  await destroyWorkers(destroying(), context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('with a worker key alone, a worker that it may not delete is said to be left', async () => {
  await using emulator = await startQuick({teamKeys: ['arm']});
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  const {arm: workerKey} = emulator.concourse.teamKeys;
  const bound = await connect(emulator, {concourse: {login: undefined, workerKey}});

  const destroyed = destroyWorkers(destroying(), bound.context);

  await expect(destroyed).rejects.toMatchObject({
    code: 'WORKER_LEFT',
    message: expect.stringContaining(`still lists ${workers[0]!.name}`),
  });
});

test('the worker key serves for workers of a team that the login does not see', async () => {
  await using emulator = await startQuick({users: ['bob:pw:web=member'], teams: ['dev']});
  const {context} = await connect(emulator, {concourse: {team: 'dev'}});
  await createWorkers(await request(), context);
  const login = {username: 'bob', password: 'pw'};
  const bob = await connect(emulator, {concourse: {login, team: 'dev'}});

  await destroyWorkers(destroying(), bob.context);

  expect(emulator.concourse.workers()).toEqual([]);
});

test('a list that shows the worker gone needs no TSA', async () => {
  await using emulator = await startQuick({users: ['bob:pw:web=member'], tsaClosed: true});
  emulator.digitalOcean.add({
    name: 'build-arm-b1-abcdefgh',
    tags: ourTags(ciIdOf(emulator.concourse.url)),
  });
  const bob = await connect(emulator, {concourse: {login: {username: 'bob', password: 'pw'}}});

  await destroyWorkers(destroying(), bob.context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a fly login that has expired keeps the worker key from nothing', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const expired = await connect(emulator, {concourse: {login: {token: 'old', target: 'ci'}}});

  await destroyWorkers(destroying(), expired.context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('removes a worker that registers again between retire and prune', async () => {
  await using emulator = await startQuick({reregistrations: 1});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const keyless = await connect(emulator, {
    concourse: {workerKey: undefined, tsaPublicKey: undefined},
  });

  await destroyWorkers(destroying(), keyless.context);

  expect(emulator.concourse.workers()).toEqual([]);
});

test('destroys what can be, droplets and workers, and names what cannot', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request({count: 3}), context);
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: `/v2/droplets/${workers[1]!.id}`,
    kind: 'status',
    status: 403,
  });

  const error: unknown = await destroyWorkers(destroying(), context).catch(
    (error: unknown) => error,
  );

  expect((error as Error).message).toMatch(
    new RegExp(String.raw`1 of 3 [\s\S]*${workers[1]!.name}`, 'v'),
  );
  expect((error as ActionableError).suggestions.join(' ')).toContain('droplet:delete');
  expect(emulator.digitalOcean.droplets().map(({id}) => id)).toEqual([workers[1]!.id]);
  expect(emulator.concourse.workers().map(({name}) => name)).toEqual([workers[1]!.name]);
});
