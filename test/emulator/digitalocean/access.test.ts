import {expect, test} from '@jest/globals';
import {start} from './start.js';

test('answers 401 to anything but its token', async () => {
  await using api = await start();

  const answers = await Promise.all(
    [{}, {authorization: 'Bearer wrong'}, {authorization: api.token}].map(async (headers) =>
      fetch(`${api.url}/v2/account`, {headers: headers as Record<string, string>}),
    ),
  );

  expect(answers.map(({status}) => status)).toEqual([401, 401, 401]);
  expect(await answers[0]!.json()).toMatchObject({
    id: 'unauthorized',
    message: 'Unable to authenticate you.',
  });
});

test('makes a token that nobody could guess unless one is given', async () => {
  await using first = await start();
  await using second = await start({token: 'a-token'});

  expect(first.token).toMatch(/^dop_v1_[\da-f]{64}$/v);
  expect(second.token).toBe('a-token');
  expect((await second.get('/v2/account')).status).toBe(200);
});

test('answers an unknown path with 404', async () => {
  await using api = await start();

  const paths = [
    '/v2/nothing',
    '/v2/droplets/autoscale',
    '/v2/droplets/autoscale/1',
    '/v2/droplets/x',
  ];
  const answers = await Promise.all(paths.map(async (path) => api.get(path)));

  expect(answers.map(({status, body}) => [status, body.id])).toEqual(
    paths.map(() => [404, 'not_found']),
  );
});

test('refuses each call that lacks a scope', async () => {
  await using api = await start({scopes: ['droplet:read', 'tag:*']});

  const statuses = {
    list: await api.get('/v2/droplets?tag_name=ci'),
    tag: await api.post('/v2/tags', {name: 'ci'}),
    create: await api.create(),
    remove: await api.remove('/v2/droplets/1'),
    account: await api.get('/v2/account'),
    sizes: await api.get('/v2/sizes'),
  };

  expect(Object.values(statuses).map(({status}) => status)).toEqual([200, 201, 403, 403, 403, 403]);
  expect(statuses.create.body).toMatchObject({
    id: 'forbidden',
    message: 'You are not authorized to perform this operation',
  });
});

test('wants more scopes of a create that uses tags or keys', async () => {
  const scopes = 'droplet:create droplet:read regions:read sizes:read actions:read image:read';
  await using api = await start({scopes: scopes.split(' ')});

  const plain = await api.create();
  const tagged = await api.create({tags: ['ci']});
  const keyed = await api.create({ssh_keys: [1]});

  expect([plain.status, tagged.status, keyed.status]).toEqual([202, 403, 403]);
});

test('hides what the token may not read', async () => {
  await using api = await start({
    scopes: ['droplet:read', 'account:read'],
    seed: {droplets: [{name: 'w-1', tags: ['ci']}]},
  });

  const absent = (await api.get('/v2/droplets')).body.droplets[0];
  api.settings.hiddenFields = 'empty';
  const empty = (await api.get('/v2/droplets')).body.droplets[0];
  api.settings.scopes = ['account:read'];
  const account = (await api.get('/v2/account')).body;

  for (const field of ['tags', 'image', 'vpc_uuid']) {
    expect(absent).not.toHaveProperty(field);
  }

  expect(empty).toMatchObject({tags: [], image: {}});
  expect(account.account).not.toHaveProperty('droplet_limit');
});

test('refuses creates of a locked account', async () => {
  await using api = await start({accountStatus: 'locked'});

  expect((await api.create()).status).toBe(403);
  expect((await api.get('/v2/account')).body.account.status).toBe('locked');
});

test('logs every request with its body and without the token', async () => {
  await using api = await start();
  await api.create({user_data: '#cloud-config'});
  await api.get('/v2/droplets?per_page=1');

  expect(api.requests).toMatchObject([
    {method: 'POST', path: '/v2/droplets', status: 202, body: {user_data: '#cloud-config'}},
    {method: 'GET', path: '/v2/droplets?per_page=1', status: 200, body: undefined},
  ]);
  expect(JSON.stringify(api.requests)).not.toContain(api.token);
});

test('calls the hooks around the effect of a request', async () => {
  const seen: string[] = [];
  const count = () => api.droplets().length;
  await using api = await start({
    onRequest({method}) {
      seen.push(`${method} before: ${count()}`);
    },
    onResponse({method}) {
      seen.push(`${method} after: ${count()}`);
    },
  });

  await api.create();

  expect(seen).toEqual(['POST before: 0', 'POST after: 1']);
});
