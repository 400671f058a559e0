import {expect, test} from '@jest/globals';
import {start} from './start.js';

const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH7h6KsNo8eBO0GYGrMEzUhEkOYpAIZVKNsJOZ8e6sCy me@laptop';

test('knows a key by its id and by the MD5 of its blob', async () => {
  await using api = await start();

  const {status, body} = await api.post('/v2/account/keys', {name: 'laptop', public_key: key});
  const {id, fingerprint} = body.ssh_key;
  const found = [
    await api.get(`/v2/account/keys/${id}`),
    await api.get(`/v2/account/keys/${fingerprint}`),
  ];

  expect(status).toBe(201);
  expect(fingerprint).toMatch(/^(?:[\da-f]{2}:){15}[\da-f]{2}$/v);
  expect(found.map((answer) => answer.body.ssh_key)).toEqual([body.ssh_key, body.ssh_key]);
});

test('refuses a key twice and a key that is none', async () => {
  await using api = await start({seed: {keys: [{name: 'laptop', publicKey: key}]}});
  const add = async (publicKey: string) =>
    api.post('/v2/account/keys', {name: 'again', public_key: publicKey});

  const answers = [
    await add(key),
    await add('nonsense'),
    await add('ssh-ed25519 AAAA'),
    await add('ssh-new AAAA'),
  ];

  expect(answers.map(({status}) => status)).toEqual([422, 422, 422, 422]);
  expect(answers.map(({body}) => body.message)).toEqual([
    'SSH Key is already in use on your account',
    'Key invalid, key should be of the format `type key [comment]`',
    'Fingerprint could not be generated, please make sure your key is valid',
    expect.stringMatching(/^Key invalid type, we support 'ssh-rsa'/v),
  ]);
});

test('can refuse a new key in a create for a while', async () => {
  await using api = await start({keyLagMs: 60_000});
  const {body} = await api.post('/v2/account/keys', {name: 'laptop', public_key: key});
  const {id, fingerprint} = body.ssh_key;

  const early = await api.create({ssh_keys: [id]});
  api.settings.keyLagMs = 0;
  const late = await api.create({ssh_keys: [id, fingerprint]});

  expect(early.body.message).toBe(`${id} are invalid key identifiers for Droplet creation.`);
  expect(late.status).toBe(202);
});

test('renames and deletes a key', async () => {
  await using api = await start({seed: {keys: [{name: 'laptop', publicKey: key}]}});
  const path = `/v2/account/keys/${api.keys()[0]!.id}`;

  const renamed = await api.call('PUT', path, {name: 'desk'});
  const removed = await api.remove(path);

  expect(renamed.body.ssh_key.name).toBe('desk');
  expect([removed.status, (await api.get(path)).status]).toEqual([204, 404]);
});
