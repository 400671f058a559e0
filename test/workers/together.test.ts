import {expect, test} from '@jest/globals';
import {connect, request, startQuick, type Connected} from '../support/connect.js';
import {ourTags} from '../support/tags.js';
import {cleanUp} from '../../src/workers/cleanup.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {listWorkers} from '../../src/workers/list.js';

const destroying = {workerName: 'build-arm', drainSeconds: 0, dryRun: false};
const cleaning = {graceSeconds: 900, dryRun: false};

test('a destroy during a create ends both, with nothing left', async () => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  const two = await connect(emulator);
  let destroyed: Promise<unknown> | undefined;
  const one: Connected = await connect(emulator, {
    onPhase(name) {
      if (name === 'booting') {
        destroyed = destroyWorkers(destroying, two.context);
      }
    },
  });

  const created = createWorkers(await request({count: 2}), one.context);

  await expect(created).rejects.toMatchObject({code: 'DROPLET_VANISHED'});
  await destroyed;
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('two destroys at once both succeed', async () => {
  await using emulator = await startQuick({destroyMs: 10_000});
  const [one, two] = [await connect(emulator), await connect(emulator)];
  await createWorkers(await request({count: 3}), one.context);

  await Promise.all([
    destroyWorkers(destroying, one.context),
    destroyWorkers(destroying, two.context),
  ]);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('a cleanup during a create and a destroy harms neither', async () => {
  await using emulator = await startQuick({createMs: 10_000, bootMs: 10_000});
  const [one, two, three] = [
    await connect(emulator),
    await connect(emulator),
    await connect(emulator),
  ];
  await createWorkers(await request({workerName: 'other'}), two.context);

  const [{workers}] = await Promise.all([
    createWorkers(await request({count: 2}), one.context),
    destroyWorkers({...destroying, workerName: 'other'}, two.context),
    cleanUp(cleaning, three.context),
  ]);

  expect(
    emulator.digitalOcean
      .droplets()
      .map(({name}) => name)
      .toSorted(),
  ).toEqual(workers.map(({name}) => name).toSorted());
  expect(emulator.concourse.workers()).toHaveLength(2);
});

test('a create whose tag a cleanup deletes as unused at that moment leaves nothing', async () => {
  let isMade = false;
  await using emulator = await startQuick({
    async onResponse({method, path}) {
      if (!(method === 'POST' && path === '/v2/droplets') || isMade) {
        return;
      }

      isMade = true;
      await other.context.digitalOcean.deleteTag('do-worker:name:build-arm');
    },
  });
  const [{context}, other] = [await connect(emulator), await connect(emulator)];

  const created = createWorkers(await request({count: 2}), context);

  await expect(created).rejects.toMatchObject({code: 'TAGS_LOST'});
  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(2);
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([]);
});

test('a cleanup that is held up before it deletes an unused tag looks again', async () => {
  let creating: ReturnType<typeof createWorkers> | undefined;
  await using emulator = await startQuick({
    createMs: 10_000,
    bootMs: 10_000,
    async onRequest({method, path}) {
      if (method === 'DELETE' && path.startsWith('/v2/tags/')) {
        creating ??= createWorkers(await request({runKey: 'b7'}), other.context);
      }
    },
  });
  const [{context}, other] = [await connect(emulator), await connect(emulator)];
  emulator.digitalOcean.plant({tags: ['do-worker:name:build-arm']});
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/tags/',
    kind: 'status',
    status: 429,
    headers: {'retry-after': '55'},
    times: 1,
  });

  await cleanUp(cleaning, context);
  await creating;

  expect([...emulator.digitalOcean.droplets()[0]!.tags.keys()]).toContain(
    'do-worker:name:build-arm',
  );
});

test('a run key that is used again after a kill ends with one set of droplets', async () => {
  await using emulator = await startQuick({bootMs: 60_000});
  const killed = await connect(emulator);
  const again = await connect(emulator);
  void createWorkers(await request({runKey: 'b7', count: 2}), {
    ...killed.context,
    // As after a kill: no answer to any request after the POST.
    digitalOcean: new Proxy(killed.context.digitalOcean, {
      get(target, key) {
        if (key === 'dropletsTagged' || key === 'deleteDroplet') {
          return async () => Promise.race<never>([]);
        }

        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
    ci: {...killed.context.ci!, list: async () => Promise.race<never>([])},
  });
  while (emulator.digitalOcean.droplets().length < 2) {
    await emulator.clock.sleep(500);
  }

  const {workers, adopted} = await createWorkers(
    await request({runKey: 'b7', count: 2}),
    again.context,
  );

  expect(adopted).toHaveLength(2);
  expect(workers).toHaveLength(2);
  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(2);
});

test.each([
  {claim: 'without an address', lag: {addressLagReads: 3}},
  {claim: 'with a private address alone', lag: {publicLagReads: 3}},
])('a droplet that is active $claim at first is waited for', async ({lag}) => {
  await using emulator = await startQuick({bootMs: 1, ...lag});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request(), context);

  const [first] = await context.digitalOcean.dropletsTagged('do-worker');
  expect(first!.networks.v4.map(({type}) => type)).toEqual(['private', 'public']);
  expect(workers[0]!.ip).toBe(first!.networks.v4[1]!.ip_address);
});

test.each([{looseTagSpelling: false}, {looseTagSpelling: true}])(
  'tags that the account spells in another way are ours, with $looseTagSpelling look-ups',
  async (spelling) => {
    await using emulator = await startQuick(spelling);
    const {context} = await connect(emulator);
    const ciId = ciIdOf(await context.ci!.externalUrl());
    const tags = [
      'DO-WORKER',
      'Do-Worker:Kind:Concourse',
      `DO-WORKER:CI:${ciId.toUpperCase()}`,
      'Do-Worker:Name:Build-Arm',
      'DO-WORKER:TTL:3600',
    ];
    emulator.digitalOcean.plant({tags});
    await createWorkers(await request({runKey: 'b1', ttlSeconds: 3600}), context);

    const again = await createWorkers(await request({runKey: 'b1', ttlSeconds: 3600}), context);
    const listed = await listWorkers({kinds: ['concourse']}, [context.ci!], context);
    const destroyed = await destroyWorkers(destroying, context);
    emulator.digitalOcean.add({name: 'build-arm-b2-abcdefgh', ageSeconds: 9000, tags});
    const {counts} = await cleanUp(cleaning, context);

    expect(again.adopted).toHaveLength(1);
    expect(listed).toHaveLength(1);
    expect(destroyed.workers).toHaveLength(1);
    expect(counts).toMatchObject({deleted: 1, unknown: 0});
    expect(emulator.digitalOcean.droplets()).toEqual([]);
    expect(emulator.digitalOcean.tags().map(({name}) => name)).toEqual(tags.slice(0, 3));
  },
);

test('a token that sees no tags is an error, not an account with nothing to clean', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.digitalOcean.settings.omitTags = true;

  await expect(cleanUp(cleaning, context)).rejects.toMatchObject({code: 'TAGS_HIDDEN'});
  await expect(destroyWorkers(destroying, context)).rejects.toMatchObject({code: 'TAGS_HIDDEN'});
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
});

test('nor is one whose GPU droplets hide theirs', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const size = 'gpu-h100x1-80gb';
  const tags = ourTags(ciIdOf(emulator.concourse.url));
  emulator.digitalOcean.add({name: 'build-arm-b1-abcdefgh', tags, size});
  emulator.digitalOcean.settings.omitTags = true;

  await expect(cleanUp(cleaning, context)).rejects.toMatchObject({code: 'TAGS_HIDDEN'});
  await expect(destroyWorkers(destroying, context)).rejects.toMatchObject({code: 'TAGS_HIDDEN'});
});

test('a GPU droplet is waited for, listed and destroyed though listings by tag leave it out', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const gpu = await context.digitalOcean.sizes();
  const size = gpu.find(({slug}) => slug.startsWith('gpu-'))!;

  await createWorkers(await request({sizes: [size.slug], regions: size.regions}), context);
  const listed = await listWorkers({kinds: ['concourse']}, [context.ci!], context);
  const {workers} = await destroyWorkers(destroying, context);

  expect(listed).toHaveLength(1);
  expect(workers).toHaveLength(1);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});
