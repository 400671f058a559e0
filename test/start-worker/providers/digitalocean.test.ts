import {writeFile} from 'node:fs/promises';
import {expect, test} from '@jest/globals';
import {start} from '../../emulator/digitalocean/start.js';
import {droplet, startDroplet} from '../cloud-documents.js';
import {make, type Cloud} from '../clouds.js';
import {makeFolder} from '../folder.js';
import {failure} from '../../support/failure.js';

const fields = {
  rootURL: 'https://tc.example.com/',
  providerID: 'digitalocean',
  workerPoolID: 'proj-x/ci',
  staticSecret: 'static-secret',
};

async function made({url}: Cloud, more: Record<string, string | Record<string, string>> = {}) {
  return make('digitalocean', {...fields, metadataUrl: url, ...more});
}

test('a droplet is named by its host name in its region, and proves itself with its secret', async () => {
  await using cloud = await startDroplet();

  const {provider, identify} = await made(cloud, {instanceType: 's-2vcpu-4gb'});

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    providerId: 'digitalocean',
    workerPoolId: 'proj-x/ci',
    workerGroup: 'ams3',
    workerId: 'ci-1',
    proof: {staticSecret: 'static-secret'},
    workerLocation: {cloud: 'digitalocean', region: 'ams3'},
    providerMetadata: {
      'instance-id': '12345',
      'public-hostname': 'ci-1.example.com',
      region: 'ams3',
      'public-ipv4': '164.1.2.3',
      'local-ipv4': '10.110.0.2',
      'instance-type': 's-2vcpu-4gb',
    },
  });
  expect(provider.isDynamic).toBe(false);
  expect(provider.cacheRefusal).toBe('do not use cacheOverRestarts with digitalocean provider');
  expect(provider.watch).toBeUndefined();
  expect(cloud.requests).toEqual(['GET /metadata/v1.json']);
});

test('asks nobody when a file keeps the metadata, which no other user may read', async () => {
  await using folder = await makeFolder();
  await using cloud = await startDroplet();
  const [kept, open, broken] = ['kept', 'open', 'broken'].map((name) => folder.at(name));
  await writeFile(kept!, JSON.stringify(droplet()), {mode: 0o600});
  await writeFile(open!, JSON.stringify(droplet()), {mode: 0o644});
  await writeFile(broken!, '{"user_data": "hush', {mode: 0o600});
  const identified = async (metadataFile: string) => (await made(cloud, {metadataFile})).identify();

  expect(await identified(kept!)).toEqual(await (await made(cloud)).identify());
  expect((await failure(identified(open!))).message).toMatch(/open has mode 0644; only its owner/v);
  expect((await failure(identified(broken!))).message).toBe(
    `Error reading the droplet's metadata in ${broken}: it is not a JSON object`,
  );
  expect((await failure(identified(folder.at('none')))).message).toBe(
    `there is no file ${folder.at('none')} with the droplet's metadata`,
  );
  expect(cloud.requests).toHaveLength(1);
});

test("reads the metadata of the emulator's droplets", async () => {
  await using api = await start({seed: {droplets: [{name: 'ci-7.example.com'}]}});
  const {id, region} = (await api.get('/v2/droplets')).body.droplets[0]!;

  const {identify} = await make('digitalocean', {
    ...fields,
    metadataUrl: `${api.url}/droplets/${id}`,
  });

  expect(await identify()).toMatchObject({
    workerGroup: region.slug,
    workerId: 'ci-7',
    providerMetadata: {
      'instance-id': String(id),
      'public-ipv4': expect.stringMatching(/^\d/v),
      'local-ipv4': expect.stringMatching(/^10\./v),
    },
  });
});

test('what is configured wins over what the droplet says', async () => {
  await using cloud = await startDroplet();

  const {identify} = await made(cloud, {
    workerGroup: 'group',
    workerID: 'worker',
    providerMetadata: {'public-hostname': 'ci.example.org', rack: '7'},
    workerLocation: {cloud: 'static', vpc: 'v'},
  });

  expect(await identify()).toMatchObject({
    workerGroup: 'group',
    workerId: 'worker',
    providerMetadata: {'instance-id': '12345', 'public-hostname': 'ci.example.org', rack: '7'},
    workerLocation: {cloud: 'static', region: 'ams3', vpc: 'v'},
  });
});

test.each([
  ['a public interface', {private: [{ipv4: {ip_address: '10.1.1.1'}}]}, 'local-ipv4'],
  ['a private interface', {public: [{ipv4: {ip_address: '164.1.1.1'}}]}, 'public-ipv4'],
])('a droplet without %s has no such address', async (_what, interfaces, only) => {
  await using cloud = await startDroplet(droplet({interfaces}));
  const {identify} = await made(cloud);

  const {providerMetadata} = await identify();

  expect(Object.keys(providerMetadata).filter((key) => key.endsWith('ipv4'))).toEqual([only]);
  expect(providerMetadata).not.toHaveProperty('instance-type');
});

test.each([
  ['workerID', {}, `${'x'.repeat(39)}.example.com`, 'x'.repeat(39)],
  ['workerID', {}, '.example.com', ''],
  ['workerID', {workerID: 'ci.1'}, 'ci-1', 'ci.1'],
  ['workerGroup', {workerGroup: 'a b'}, 'ci-1', 'a b'],
])('refuses the %s of %j and host name %s', async (field, more, hostname, value) => {
  await using cloud = await startDroplet(droplet({hostname}));
  const {identify} = await made(cloud, more);

  const error = await failure(identify());

  expect(error.message).toBe(
    `${field} \`${value}\` is not 1 to 38 letters, digits, \`-\` and \`_\``,
  );
  expect(error.suggestions).toEqual([
    `Set \`provider.${field}\` to the one with which the worker was created`,
  ]);
});

test.each(['region', 'hostname'])('names the %s that a droplet does not tell', async (key) => {
  await using cloud = await startDroplet(droplet({[key]: null}));
  const {identify} = await made(cloud);

  expect((await failure(identify())).message).toBe(`droplet metadata has no text ${key}`);
});

test('waits while the metadata service is overloaded, but not for a refusal', async () => {
  await using overloaded = await startDroplet([503, 503, droplet()]);
  await using refusing = await startDroplet(404);

  expect((await (await made(overloaded)).identify()).workerId).toBe('ci-1');
  expect((await failure((await made(refusing)).identify())).message).toBe(
    'Error querying DigitalOcean metadata /metadata/v1.json: it answered 404',
  );
});

test.each(Object.keys(fields))('a droplet needs %s', async (field) => {
  const {[field as 'rootURL']: _absent, ...rest} = fields;

  const {message} = await failure(make('digitalocean', rest));

  expect(message).toBe(`configuration value \`provider.${field}\` not found`);
});

test('a place is told in texts', async () => {
  const {message} = await failure(make('digitalocean', {...fields, workerLocation: {rack: 7}}));

  expect(message).toBe('workerLocation value rack is not a string');
});
