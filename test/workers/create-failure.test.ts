import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {createWorkers} from '../../src/workers/create.js';

test('gives up at once on a droplet that switched itself off', async () => {
  await using emulator = await startQuick({failBootstrap: true});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 2}), context));

  expect(error.code).toBe('BOOTSTRAP_FAILED');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('gives up on a droplet that DigitalOcean accepted and never made', async () => {
  await using emulator = await startQuick({failCreate: 1});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 2}), context));

  expect(error.code).toBe('DROPLET_VANISHED');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('gives up at once on a worker whose version never gets work', async () => {
  await using emulator = await startQuick({registerVersion: '2.1'});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request(), context));

  expect(error.message).toMatch(/worker version 2\.1, but the web gives work to 3\.0/v);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('destroys droplets that came without their tags', async () => {
  await using emulator = await startQuick({dropTags: true});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request(), context));

  expect(error.code).toBe('TAGS_LOST');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('makes nothing in the other batches when one cannot be made', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'POST',
    path: '/v2/droplets',
    kind: 'status',
    status: 422,
    after: 1,
  });
  const {context} = await connect(emulator);

  await failure(createWorkers(await request({count: 15}), context));

  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(10);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('never destroys an adopted droplet', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({runKey: 'b7'}), context);
  emulator.digitalOcean.settings.createMs = 3_600_000;

  const error = await failure(
    createWorkers(await request({runKey: 'b7', count: 2, timeoutSeconds: 60}), context),
  );

  const [adopted, ...others] = emulator.digitalOcean.droplets();
  expect([adopted!.status, ...others]).toEqual(['active']);
  expect(error.message).toContain(
    `Adopted, not destroyed, and billed: ${adopted!.name} (https://cloud.digitalocean.com/droplets/${adopted!.id})`,
  );
  expect(emulator.concourse.workers()).toHaveLength(1);
});

test('names what it is about to destroy, for it may be killed meanwhile', async () => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  const {context, progress} = await connect(emulator);

  await failure(createWorkers(await request({timeoutSeconds: 60}), context));

  const [made] = emulator.digitalOcean.everyDroplet();
  const undo = progress.findIndex((line) => line.startsWith('undo: '));
  expect(progress[undo + 1]).toBe(
    `${made!.name} (https://cloud.digitalocean.com/droplets/${made!.id})`,
  );
});

test('keeps a failed droplet when asked to, and says how to stop paying', async () => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  const {context} = await connect(emulator);

  const error = await failure(
    createWorkers(await request({keepOnFailure: true, timeoutSeconds: 60, runKey: 'b7'}), context),
  );

  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  expect(error.message).toMatch(/Kept, and billed: build-arm-b7-/v);
  expect(error.suggestions.join(' ')).toContain(
    'do-worker destroy build-arm --kind concourse --run b7',
  );
});

test('names what it could not destroy, for it is billed', async () => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets',
    kind: 'status',
    status: 403,
  });
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({timeoutSeconds: 60}), context));

  const [droplet] = emulator.digitalOcean.droplets();
  expect(error.message).toContain(`NOT destroyed and still billed: ${droplet!.name}`);
  expect(error.message).toContain(String(droplet!.id));
  expect(error.suggestions.join(' ')).toContain('droplet:delete');
});

test('a worker whose droplet is deleted the moment it has registered is no success', async () => {
  let deleting: Promise<unknown> | undefined;
  await using emulator = await startQuick({
    // Else the last look may overtake it.
    async onRequest({method}) {
      await (method === 'GET' && deleting);
    },
  });
  const {context} = await connect(emulator);
  const progress = {
    ...context.progress,
    update(line: string) {
      if (!line.startsWith('1 of 1')) {
        return;
      }

      const [droplet] = emulator.digitalOcean.droplets();
      deleting ??= context.digitalOcean.deleteDroplet(droplet!.id);
    },
  };

  const error = await failure(createWorkers(await request(), {...context, progress}));

  expect(error.code).toBe('DROPLET_VANISHED');
});

test('an hourly limit that is used up while workers boot ends no healthy create', async () => {
  await using emulator = await startQuick({bootMs: 60_000, hourlyLimit: 106});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request(), context);

  expect(workers).toHaveLength(1);
  expect(emulator.digitalOcean.requests.length).toBeLessThan(10);
});
