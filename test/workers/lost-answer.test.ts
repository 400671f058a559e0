import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {connect, dropletPosts, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {Interrupted} from '../../src/errors.js';
import {createWorkers} from '../../src/workers/create.js';

test.each([401, 403, 422, 500])(
  'a look that fails with %i once is not taken for the answer to the POST',
  async (status) => {
    await using emulator = await startQuick({dropCreates: 1});
    emulator.digitalOcean.faults.push({
      method: 'GET',
      path: '/v2/droplets?tag_name',
      kind: 'status',
      status,
      times: status === 500 ? 5 : 1,
    });
    const {context} = await connect(emulator);

    await createWorkers(
      await request({count: 2, sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb']}),
      context,
    ).catch(() => undefined);

    expect(dropletPosts(emulator)).toBe(1);
    expect([0, 2]).toContain(emulator.digitalOcean.droplets().length);
  },
);

test('an answer that never comes is one that is lost', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'POST',
    path: '/v2/droplets',
    kind: 'hang-after',
    times: 1,
  });
  const {context} = await connect(emulator, {timeoutMs: 500});

  const {workers} = await createWorkers(await request({count: 2}), context);

  expect(dropletPosts(emulator)).toBe(1);
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual(
    workers.map(({name}) => name),
  );
});

test('droplets that no list shows are told of, for they may be billed', async () => {
  await using emulator = await startQuick({
    dropCreates: 1,
    listLagMs: 3_600_000,
    tagLagMs: 3_600_000,
  });
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({runKey: 'b7'}), context));

  const [droplet] = emulator.digitalOcean.droplets();
  expect(error.message).toContain(
    `It cannot be told whether ${droplet!.name} exists and is billed`,
  );
  expect(error.suggestions[0]).toBe(
    'Stop paying for it: do-worker destroy build-arm --kind concourse --run b7',
  );
});

test('with --keep-on-failure they are told of too', async () => {
  await using emulator = await startQuick({
    dropCreates: 1,
    listLagMs: 3_600_000,
    tagLagMs: 3_600_000,
  });
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({keepOnFailure: true}), context));

  expect(error.message).toContain(`whether ${emulator.digitalOcean.droplets()[0]!.name} exists`);
});

test('finds by their names droplets that lost their tags and their answer', async () => {
  await using emulator = await startQuick({dropCreates: 1, dropTags: true});
  const {context} = await connect(emulator);

  await failure(createWorkers(await request({count: 2}), context));

  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(2);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

const gpu = {sizes: ['gpu-h100x1-80gb'], regions: ['tor1']};

test('finds GPU droplets whose POST lost its answer, though listings by tag leave them out', async () => {
  await using emulator = await startQuick({dropCreates: 1});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request(gpu), context);

  expect(workers).toHaveLength(1);
  expect(dropletPosts(emulator)).toBe(1);
});

test.each([{}, {dropTags: true}])(
  'destroys GPU droplets whose POST lost its answer: %j',
  async (switches) => {
    await using emulator = await startQuick({
      dropCreates: 1,
      listLagMs: 70_000,
      ...switches,
    });
    const {context} = await connect(emulator);

    await failure(createWorkers(await request(gpu), context));

    expect(emulator.digitalOcean.everyDroplet()).toHaveLength(1);
    expect(emulator.digitalOcean.droplets()).toEqual([]);
  },
);

test('a 404 to the DELETE of a droplet just made is no proof that it is gone', async () => {
  await using emulator = await startQuick({listLagMs: 15_000, bootMs: 3_600_000});
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets',
    kind: 'status',
    status: 404,
    times: 2,
  });
  const connected = await connect(emulator, {
    onPhase(name) {
      if (name === 'active') {
        connected.abort(new Interrupted('SIGINT'));
      }
    },
  });

  await failure(createWorkers(await request(), connected.context));

  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(1);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test.each([0, 20])(
  'an interrupt %i s after a POST was refused for its rate makes no droplet, and waits for nothing',
  async (seconds) => {
    await using emulator = await startQuick();
    emulator.digitalOcean.faults.push({
      method: 'POST',
      path: '/v2/droplets',
      kind: 'status',
      status: 429,
      times: 1,
      headers: {'retry-after': '200'},
    });
    const {context, abort} = await connect(emulator);
    const creating = failure(createWorkers(await request(), context));
    while (dropletPosts(emulator) === 0) {
      await delay(1);
    }

    await delay(seconds * context.time.secondMs);
    const abortedAt = emulator.clock.now();
    abort(new Interrupted('SIGINT'));
    const error = await creating;

    expect(error.message).not.toContain('cannot be told');
    expect(error.oclif.exit).toBe(130);
    expect(emulator.clock.now() - abortedAt).toBeLessThan(30_000);
    expect(emulator.digitalOcean.everyDroplet()).toEqual([]);
  },
);

test('an interrupt during the POST keeps its answer, so that the delete comes at once', async () => {
  await using emulator = await startQuick({
    listLagMs: 60_000,
    onRequest({method}) {
      if (method === 'POST') {
        connected.abort(new Interrupted('SIGTERM'));
      }
    },
  });
  emulator.digitalOcean.faults.push({
    method: 'POST',
    path: '/v2/droplets',
    kind: 'slow',
    ms: 10_000,
  });
  const connected = await connect(emulator);

  await failure(createWorkers(await request(), connected.context));

  const {requests} = emulator.digitalOcean;
  const post = requests.find(({method}) => method === 'POST')!;
  const deletion = requests.find(({method}) => method === 'DELETE')!;
  // The list would tell of it only after the lag.
  expect(deletion.time - post.time).toBeLessThan(60_000);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('two creates of one run at the same time end with one set of droplets', async () => {
  await using emulator = await startQuick({createMs: 20_000, bootMs: 20_000});
  const [one, two] = [await connect(emulator), await connect(emulator)];

  const results = await Promise.all([
    createWorkers(await request({runKey: 'b7', count: 2}), one.context),
    createWorkers(await request({runKey: 'b7', count: 2}), two.context),
  ]);

  const names = emulator.digitalOcean
    .droplets()
    .map(({name}) => name)
    .toSorted();
  expect(names).toHaveLength(2);
  for (const {workers} of results) {
    expect(workers.map(({name}) => name).toSorted()).toEqual(names);
  }
});

test('a droplet that no list shows yet counts as gone only when DigitalOcean no longer knows it', async () => {
  await using emulator = await startQuick({
    createMs: 60_000,
    listLagMs: 60_000,
    tagLagMs: 60_000,
    ignoreDeletes: 2,
  });
  const {context, abort} = await connect(emulator, {
    onPhase(name) {
      if (name === 'active') {
        abort(new Interrupted('SIGTERM'));
      }
    },
  });

  const error = await failure(createWorkers(await request({runKey: 'b7'}), context));

  expect(error.message).toContain('Destroyed again: build-arm-b7-');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a POST that the hourly limit keeps from being sent has made nothing', async () => {
  await using emulator = await startQuick({hourlyLimit: 103, dropletLimit: 100});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 20}), context));

  expect(error.code).toBe('RATE_LIMITED');
  expect(error.message).not.toContain('cannot be told whether');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});
