import {expect, test} from '@jest/globals';
import type {Machine} from '../../../src/emulator/machine.js';
import {standard, start, until} from './start.js';

const tagged = '/v2/droplets?tag_name=ci';

test('boots an active droplet on its user-data, cut at the first character beyond ASCII', async () => {
  const machines: Machine[] = [];
  await using api = await start({
    createMs: 1,
    async boot(machine) {
      machines.push(machine);
    },
  });

  const {text} = await api.create({user_data: '#cloud-config\n# caf\u{E9}\nruncmd: []\n'});
  await until(
    async () => machines.length,
    (count) => count === 1,
  );

  expect(machines[0]).toMatchObject({
    name: 'w-1',
    region: 'nyc3',
    userData: '#cloud-config\n# caf',
  });
  expect(text).not.toContain('cloud-config');
});

test('keeps what went wrong in a boot on the console of its droplet', async () => {
  await using api = await start({
    createMs: 1,
    async boot() {
      throw new Error('no worker key', {cause: new Error('write_files is missing')});
    },
  });
  await api.create();

  const [droplet] = await until(
    async () => api.droplets(),
    (droplets) => droplets[0]!.console.length > 0,
  );

  expect(droplet!.console).toEqual(['no worker key', 'write_files is missing']);
});

test('deletes a droplet with an empty 204, then answers 404', async () => {
  await using api = await start();
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const {status, text, headers} = await api.remove(path);

  expect({status, text}).toEqual({status: 204, text: ''});
  expect(headers.get('content-type')).toBeNull();
  expect((await api.remove(path)).status).toBe(404);
  expect((await api.get(path)).status).toBe(404);
});

test('shows a destroyed droplet as active while the destroy lingers, its machine off', async () => {
  const machines: Machine[] = [];
  await using api = await start({
    createMs: 1,
    destroyMs: 60,
    async boot(machine) {
      machines.push(machine);
    },
  });
  const {body} = await api.create({tags: ['ci']});
  const path = `/v2/droplets/${body.droplet.id}`;
  await until(
    async () => machines.length,
    (count) => count === 1,
  );

  await api.remove(path);
  const lingering = await api.get(path);
  const listed = await api.get(tagged);
  const again = await api.remove(path);
  await until(
    async () => api.get(path),
    ({status}) => status === 404,
  );

  expect(machines[0]!.off.aborted).toBe(true);
  expect(lingering.body.droplet.status).toBe('active');
  expect(listed.body.droplets).toHaveLength(1);
  expect(again.body.message).toBe('Droplet already has a pending event.');
});

test('can refuse to delete a droplet that is still new', async () => {
  await using api = await start({createMs: 30, pendingEventOnCreate: true});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const refused = await api.remove(path);
  const {status} = await until(
    async () => api.remove(path),
    (answer) => answer.status !== 422,
  );

  expect(refused.body).toMatchObject({message: 'Droplet already has a pending event.'});
  expect(status).toBe(204);
});

test('can answer 204 to a destroy that does not happen', async () => {
  await using api = await start({ignoreDeletes: 1});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const first = await api.remove(path);
  const still = await api.get(path);
  await api.remove(path);

  expect([first.status, still.status]).toEqual([204, 200]);
  expect(api.droplets()).toEqual([]);
});

test('switches a droplet off when its machine powers off, and on again by action', async () => {
  const machines: Machine[] = [];
  await using api = await start({
    createMs: 1,
    actionMs: 40,
    async boot(machine) {
      machines.push(machine);
    },
  });
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;
  await until(
    async () => machines.length,
    (count) => count === 1,
  );

  machines[0]!.powerOff();
  const off = await api.get(path);
  const power = await api.post(`${path}/actions`, {type: 'power_on'});
  const busy = [await api.remove(path), await api.post(`${path}/actions`, {type: 'reboot'})];
  await until(
    async () => machines.length,
    (count) => count === 2,
  );

  expect(off.body.droplet.status).toBe('off');
  expect(power.status).toBe(201);
  expect(power.body.action).toMatchObject({type: 'power_on', status: 'in-progress'});
  expect(busy.map((answer) => answer.body.message)).toEqual([
    'Droplet already has a pending event.',
    'Droplet already has a pending event.',
  ]);
  expect((await api.get(path)).body.droplet.status).toBe('active');
  expect(machines[1]!.off.aborted).toBe(false);
});

test('refuses an unknown action', async () => {
  await using api = await start();
  const {body} = await api.create();

  const answer = await api.post(`/v2/droplets/${body.droplet.id}/actions`, {type: 'explode'});

  expect(answer.status).toBe(404);
  expect(answer.body.message).toBe('The specified action type is not available.');
});

test('turns a droplet into a snapshot that a big enough droplet can start from', async () => {
  await using api = await start({createMs: 1, actionMs: 1});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;
  await until(
    async () => api.get(path),
    (answer) => answer.body.droplet.status === 'active',
  );
  await api.post(`${path}/actions`, {type: 'snapshot', name: 'golden'});

  const {body: own} = await until(
    async () => api.get(`${path}/snapshots`),
    (answer) => answer.body.snapshots.length === 1,
  );
  const {body: all} = await api.get('/v2/snapshots?resource_type=droplet');
  const image = own.snapshots[0]!.id;
  const again = await api.create({...standard, name: 'w-2', image});

  expect(image).toEqual(expect.any(Number));
  expect(all.snapshots.map(({id}) => id)).toContain(String(image));
  expect(again.status).toBe(202);
  expect((await api.remove(`/v2/snapshots/${image}`)).status).toBe(204);
  expect((await api.remove('/v2/snapshots/195932981')).body.message).toBe(
    'the resource is not a snapshot',
  );
});
