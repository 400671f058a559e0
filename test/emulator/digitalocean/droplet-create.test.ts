import {expect, test} from '@jest/globals';
import {start, until} from './start.js';

const tagged = '/v2/droplets?tag_name=ci';

test('answers a create with a new droplet that has no address and no vpc yet', async () => {
  await using api = await start({createMs: 60_000});

  const {status, body} = await api.create({tags: ['ci', 'do-worker:kind:concourse']});

  expect(status).toBe(202);
  expect(body.droplet).toMatchObject({
    name: 'w-1',
    status: 'new',
    locked: false,
    kernel: null,
    networks: {v4: [], v6: []},
    features: ['droplet_agent'],
    tags: ['ci', 'do-worker:kind:concourse'],
  });
  expect(body.droplet).not.toHaveProperty('vpc_uuid');
  expect(body.links.actions).toEqual([
    {id: expect.any(Number), rel: 'create', href: `/v2/actions/${body.links.actions[0]!.id}`},
  ]);
});

test('makes a new droplet active with its private address first', async () => {
  await using api = await start({createMs: 10});
  const {body} = await api.create();

  const {body: read} = await until(
    async () => api.get(`/v2/droplets/${body.droplet.id}`),
    (answer) => answer.body.droplet.status === 'active',
  );

  const [inner, outer] = read.droplet.networks.v4;
  expect(inner).toMatchObject({type: 'private', gateway: '<nil>'});
  expect(outer).toMatchObject({type: 'public', gateway: expect.stringMatching(/^198\.18\./v)});
  expect(read.droplet.vpc_uuid).toEqual(expect.any(String));
  const {body: answer} = await api.get(`/v2/actions/${body.links.actions[0]!.id}`);
  expect(answer.action).toMatchObject({
    status: 'completed',
    type: 'create',
    resource_id: body.droplet.id,
  });
});

test('can make a droplet active after a number of reads', async () => {
  await using api = await start({activeAfterReads: 2});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const statuses = [await api.get(path), await api.get(path), await api.get(path)];

  expect(statuses.map((answer) => answer.body.droplet.status)).toEqual(['new', 'new', 'active']);
});

test.each([
  {lag: {addressLagReads: 1}, shown: []},
  {lag: {publicLagReads: 1}, shown: ['private']},
])('can show a droplet active before its public address: $lag', async ({lag, shown}) => {
  await using api = await start({createMs: 1, ...lag});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const {body: first} = await until(
    async () => api.get(path),
    (answer) => answer.body.droplet.status === 'active',
  );
  const {body: second} = await api.get(path);

  expect(first.droplet.networks.v4.map(({type}) => type)).toEqual(shown);
  expect(second.droplet.networks.v4.map(({type}) => type)).toEqual(['private', 'public']);
});

test('makes up to ten droplets at once, each with its action', async () => {
  await using api = await start();
  const names = Array.from({length: 10}, (_, index) => `w-${index}`);

  const {status, body} = await api.create({name: undefined, names});
  const refused = await api.create({name: undefined, names: [...names, 'w-10']});

  expect(status).toBe(202);
  expect(body.droplets.map(({name}) => name)).toEqual(names);
  expect(body.links.actions).toHaveLength(10);
  expect(refused.status).toBe(422);
  expect(api.droplets()).toHaveLength(10);
});

test('makes all droplets of a request or none at the droplet limit', async () => {
  await using api = await start({dropletLimit: 3});

  const {status, body} = await api.create({name: undefined, names: ['a', 'b', 'c', 'd']});
  const none = api.droplets().length;
  api.settings.partialMultiCreate = true;
  const part = await api.create({name: undefined, names: ['a', 'b', 'c', 'd']});

  expect(status).toBe(422);
  expect(body).toMatchObject({
    id: 'unprocessable_entity',
    message: 'creating this/these droplet(s) will exceed your droplet limit',
  });
  expect(none).toBe(0);
  expect(part.body.droplets).toHaveLength(3);
});

test.each([
  ['an unknown size', {size: 's-9'}, 'You specified an invalid size for Droplet creation.'],
  ['a size the region has not', {region: 'mem1'}, 'Size is not available in this region.'],
  [
    'a retired size',
    {size: '512mb', image: 'debian-13-x64'},
    'Size is not available in this region.',
  ],
  ['a size sold out', {size: 'c-2'}, 'Size is not available in this region.'],
  ['a closed region', {region: 'sfo1'}, 'Region is not available'],
  ['a region shut off for a time', {region: 'tor1'}, 'Region is not available'],
  [
    'an unknown image',
    {image: 'debian-12-x64'},
    'You specified an invalid image for Droplet creation.',
  ],
  [
    'an image id as a string',
    {image: '195932981'},
    'You specified an invalid image for Droplet creation.',
  ],
  [
    'a snapshot elsewhere',
    {image: 213_400_777, region: 'sgp1'},
    'The image is not available in the requested region.',
  ],
  [
    'a snapshot too big',
    {image: 213_400_777},
    'Cannot create a droplet with a smaller disk (25GB) than the image (50GB)',
  ],
  [
    'unknown keys',
    {ssh_keys: [1, 'aa:bb']},
    '1, aa:bb are invalid key identifiers for Droplet creation.',
  ],
  [
    'a bad name',
    {name: 'a_b'},
    'Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)',
  ],
  [
    'a bad tag',
    {tags: ['a.b']},
    'There was an error while trying to create your tags. Please try again.',
  ],
  [
    'too much user-data',
    {user_data: 'x'.repeat(65_537)},
    'User data is too long (maximum is 64 KiB).',
  ],
])('refuses %s', async (_, request, message) => {
  await using api = await start({soldOut: ['c-2:nyc3'], closedRegions: ['tor1']});

  const {status, body} = await api.create(request);

  expect({status, message: body.message}).toEqual({status: 422, message});
  expect(api.everyDroplet()).toEqual([]);
});

test('takes a region prefix, or any region that has the size', async () => {
  await using api = await start();

  const prefixed = await api.create({region: 'nyc', size: 'gpu-h100x1-80gb'});
  const any = await api.create({region: undefined});

  expect(prefixed.body.droplet.region.slug).toBe('nyc2');
  expect(any.status).toBe(202);
});

test('lets a droplet vanish after the 202 when placement fails', async () => {
  await using api = await start({createMs: 5, failCreate: 1});
  const {status, body} = await api.create();

  const {status: later} = await until(
    async () => api.get(`/v2/droplets/${body.droplet.id}`),
    (answer) => answer.status !== 200,
  );
  const {body: answer} = await api.get(`/v2/actions/${body.links.actions[0]!.id}`);
  const {body: next} = await api.create();
  await until(
    async () => api.get(`/v2/droplets/${next.droplet.id}`),
    (found) => found.body.droplet.status === 'active',
  );

  expect([status, later]).toEqual([202, 404]);
  expect(answer.action.status).toBe('errored');
});

test('can forget the create action of a droplet that vanished', async () => {
  await using api = await start({createMs: 1, failCreate: 1, failedActionGone: true});
  const {body} = await api.create();

  const {status} = await until(
    async () => api.get(`/v2/actions/${body.links.actions[0]!.id}`),
    (answer) => answer.status !== 200,
  );

  expect(status).toBe(404);
});

test('never makes a droplet whose user-data has four-byte characters', async () => {
  await using api = await start({createMs: 1});
  const {status, body} = await api.create({user_data: '#cloud-config\n# \u{1F600}'});

  await until(
    async () => api.get(`/v2/droplets/${body.droplet.id}`),
    (answer) => answer.status === 404,
  );

  expect(status).toBe(202);
});

test('hides a droplet from GET and from the lists for as long as they lag', async () => {
  await using api = await start({getLagMs: 60_000, listLagMs: 60_000});
  const {body} = await api.create({tags: ['ci']});

  const early = [await api.get(`/v2/droplets/${body.droplet.id}`), await api.get(tagged)];
  api.settings.getLagMs = 0;
  api.settings.listLagMs = 0;
  const late = [await api.get(`/v2/droplets/${body.droplet.id}`), await api.get(tagged)];

  expect(early.map(({status}) => status)).toEqual([404, 200]);
  expect(early[1]!.body.droplets).toEqual([]);
  expect(late[1]!.body.droplets).toHaveLength(1);
  expect(late[0]!.status).toBe(200);
});

test('knows no new droplet to delete for as long as that lags', async () => {
  await using api = await start({deleteLagMs: 60_000});
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  const early = await api.remove(path);
  const left = api.droplets().length;
  api.settings.deleteLagMs = 0;
  const late = await api.remove(path);

  expect([early.status, left, late.status]).toEqual([404, 1, 204]);
});

test('leaves GPU droplets out of the default list', async () => {
  await using api = await start();
  await api.create({size: 'gpu-h100x1-80gb', region: 'tor1', name: 'gpu'});
  await api.create();

  const names = async (query: string) =>
    (await api.get(`/v2/droplets${query}`)).body.droplets.map(({name}) => name);

  expect(await names('')).toEqual(['w-1']);
  expect(await names('?type=gpus')).toEqual(['gpu']);
  expect(await names('?name=W-1')).toEqual(['w-1']);
});

test('starts with the droplets of others and takes more while running', async () => {
  await using api = await start({
    seed: {droplets: [{name: 'database', tags: ['Prod'], status: 'off', ageSeconds: 86_400}]},
  });

  api.add({name: 'web', size: 'c-2', region: 'ams3'});
  const {body} = await api.get('/v2/droplets');

  expect(body.droplets).toMatchObject([
    {name: 'database', status: 'off', tags: ['Prod']},
    {name: 'web', status: 'active', size_slug: 'c-2'},
  ]);
  expect(Date.now() - Date.parse(body.droplets[0]!.created_at)).toBeGreaterThan(86_000_000);
});
