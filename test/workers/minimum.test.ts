import {expect, test} from '@jest/globals';
import {connect, dropletPosts, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import type {Emulator} from '../../src/emulator/server.js';
import {Interrupted} from '../../src/errors.js';
import {createWorkers} from '../../src/workers/create.js';
import {ciIdOf, tagsFor} from '../../src/workers/identity.js';

/** A droplet of run b7 whose boot nobody emulates. */
function unregistered({concourse}: Emulator) {
  return {
    name: 'build-arm-b7-abcdefgh',
    tags: tagsFor({
      kind: 'concourse',
      ciId: ciIdOf(concourse.url),
      workerName: 'build-arm',
      ttlSeconds: 14_400,
    }),
  };
}

test('a part of a fleet is success when it is the minimum, and the rest is destroyed', async () => {
  await using emulator = await startQuick({failCreate: 1});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request({count: 4, min: 3}), context);

  expect(workers).toHaveLength(3);
  expect(emulator.digitalOcean.droplets()).toHaveLength(3);
});

test('a POST that failed unclearly costs a fleet that is enough nothing but its own droplets', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'POST',
    path: '/v2/droplets',
    kind: 'status',
    after: 1,
    times: 1,
  });
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request({count: 12, min: 10}), context);

  expect(workers).toHaveLength(10);
  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(10);
  expect(emulator.digitalOcean.droplets()).toHaveLength(10);
});

test('fewer than the minimum is a failure that leaves nothing', async () => {
  await using emulator = await startQuick({failCreate: 2});
  const {context} = await connect(emulator);

  await failure(createWorkers(await request({count: 4, min: 3}), context));

  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a droplet limit that leaves room for the minimum is no refusal', async () => {
  await using emulator = await startQuick({dropletLimit: 5});
  emulator.digitalOcean.add({name: 'a'}, {name: 'b'}, {name: 'c'});
  const {context, progress} = await connect(emulator);

  const {workers, leftovers} = await createWorkers(await request({count: 4, min: 2}), context);

  expect(workers).toHaveLength(2);
  expect(leftovers).toEqual([]);
  expect(progress.join('\n')).toContain('leaves room for 2 more, not 4');
  expect(progress.at(-1)).toBe(
    '2 of 4 workers registered, which is enough. Not all droplets could be made',
  );
  expect(dropletPosts(emulator)).toBe(1);
});

test('a droplet limit below the minimum sends no POST', async () => {
  await using emulator = await startQuick({dropletLimit: 5});
  emulator.digitalOcean.add({name: 'a'}, {name: 'b'}, {name: 'c'});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 4, min: 3}), context));

  expect(error.message).toContain('3 more would exceed the droplet limit of 5: the account has 3');
  expect(dropletPosts(emulator)).toBe(0);
});

test('adopted workers count towards the minimum when no more can be had', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({runKey: 'b7', count: 2}), context);
  emulator.digitalOcean.settings.soldOut = ['s-2vcpu-2gb'];

  const {workers, adopted} = await createWorkers(
    await request({runKey: 'b7', count: 4, min: 2}),
    context,
  );

  expect(workers.map(({name}) => name).toSorted()).toEqual(adopted.toSorted());
  expect(emulator.digitalOcean.droplets()).toHaveLength(2);
});

test('names what stays billed beside a fleet that is enough', async () => {
  await using emulator = await startQuick();
  const [adopted] = emulator.digitalOcean.add(unregistered(emulator));
  const {context, progress} = await connect(emulator);

  const {workers, leftovers} = await createWorkers(
    await request({runKey: 'b7', count: 3, min: 2, timeoutSeconds: 60}),
    context,
  );

  expect(workers).toHaveLength(2);
  expect(leftovers).toMatchObject([{id: adopted!.id, name: 'build-arm-b7-abcdefgh'}]);
  expect(progress.join('\n')).toMatch(
    /still billed: build-arm-b7-abcdefgh[\s\S]*do-worker destroy build-arm --kind concourse --run b7/v,
  );
});

test('a droplet that was never listed and never made keeps the others from nothing', async () => {
  await using emulator = await startQuick({failCreate: 1, listLagMs: 20_000, tagLagMs: 20_000});
  const {context} = await connect(emulator);

  const {workers, seconds} = await createWorkers(
    await request({runKey: 'b7', count: 4, min: 3}),
    context,
  );

  expect(workers).toHaveLength(3);
  expect(Object.values(seconds).reduce((sum, each) => sum + each)).toBeLessThan(600);
});

test('an adopted droplet that is gone is not said to be billed', async () => {
  await using emulator = await startQuick();
  const [adopted] = emulator.digitalOcean.add(unregistered(emulator));
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'booting') {
        void context.digitalOcean.deleteDroplet(adopted!.id);
      }
    },
  });

  const {leftovers} = await createWorkers(
    await request({runKey: 'b7', count: 3, min: 2, timeoutSeconds: 120}),
    context,
  );

  expect(leftovers).toEqual([]);
});

test('an interrupt while the rest is destroyed ends all of it', async () => {
  await using emulator = await startQuick({
    failCreate: 1,
    onRequest({method, path}) {
      if (method === 'DELETE' && path.startsWith('/v2/droplets')) {
        abort(new Interrupted('SIGINT'));
      }
    },
  });
  const {context, abort} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 4, min: 3}), context));

  expect(error.code).toBe('INTERRUPTED');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('keeps what failed beside a fleet that is enough when asked to', async () => {
  await using emulator = await startQuick({bootMs: 20_000, actionMs: 0});
  const {url, token} = emulator.digitalOcean;
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'booting') {
        void fetch(`${url}/v2/droplets/${emulator.digitalOcean.droplets()[0]!.id}/actions`, {
          method: 'POST',
          headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
          body: JSON.stringify({type: 'power_off'}),
        });
      }
    },
  });

  const {workers, leftovers} = await createWorkers(
    await request({count: 3, min: 2, keepOnFailure: true}),
    context,
  );

  const [kept] = emulator.digitalOcean.droplets();
  expect(workers).toHaveLength(2);
  expect(leftovers).toMatchObject([{id: kept!.id, reason: 'kept to look into, as asked'}]);
});

test('names a droplet of another call that it gave its own up for', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'create') {
        emulator.digitalOcean.add(unregistered(emulator));
      }
    },
  });

  const error = await failure(
    createWorkers(await request({runKey: 'b7', timeoutSeconds: 60}), context),
  );

  expect(dropletPosts(emulator)).toBe(1);
  expect(error.message).toContain('Adopted, not destroyed, and billed: build-arm-b7-abcdefgh');
});
