import {expect, test} from '@jest/globals';
import {secret, secretPath, securityToken, startProvisioner} from '../cloud-documents.js';
import {make, until, watched, type Cloud} from '../clouds.js';
import {failure} from '../../support/failure.js';

const termination = '/latest/meta-data/spot/termination-time';

async function made({url}: Cloud, implementation?: string) {
  return make('aws-provisioner', {metadataUrl: url}, {...(implementation && {implementation})});
}

test('an instance of the provisioner fetches its credentials and has them deleted', async () => {
  await using cloud = await startProvisioner();

  const {provider, identify} = await made(cloud);

  expect(await identify()).toEqual({
    rootUrl: cloud.url,
    providerId: 'aws-provisioner',
    workerPoolId: 'aws-provisioner-v1/ci',
    workerGroup: 'us-west-2',
    workerId: 'i-0123',
    credentials: secret.credentials,
    workerConfig: {from: 'user-data'},
    workerLocation: {cloud: 'aws', region: 'us-west-2', availabilityZone: 'us-west-2a'},
    providerMetadata: {
      'ami-id': 'ami-9',
      'instance-id': 'i-0123',
      'instance-type': 'm3.large',
      'public-ipv4': '54.1.2.3',
      'availability-zone': 'us-west-2a',
      'public-hostname': 'ec2-1.example.com',
      'local-ipv4': '10.1.2.3',
      region: 'us-west-2',
    },
  });
  expect(provider.isDynamic).toBe(true);
  expect(cloud.requests).toEqual([
    'GET /latest/user-data',
    `GET ${secretPath}`,
    `DELETE ${secretPath}`,
    ...[
      'ami-id',
      'instance-id',
      'instance-type',
      'public-ipv4',
      'placement/availability-zone',
      'public-hostname',
      'local-ipv4',
    ].map((key) => `GET /latest/meta-data/${key}`),
  ]);
});

test('a root URL with a slash at its end is as good', async () => {
  await using cloud = await startProvisioner();
  const document = cloud.paths['/latest/user-data'] as Record<string, string>;
  cloud.paths['/latest/user-data'] = {...document, taskclusterRootUrl: `${cloud.url}/`};

  const {identify} = await made(cloud);

  expect((await identify()).rootUrl).toBe(cloud.url);
  expect(cloud.requests).toContain(`GET ${secretPath}`);
});

test('permanent credentials have no certificate', async () => {
  const credentials = {clientId: 'c', accessToken: 'a', certificate: ''};
  await using cloud = await startProvisioner({}, {[secretPath]: {credentials}});

  expect((await (await made(cloud)).identify()).credentials).toEqual({
    clientId: 'c',
    accessToken: 'a',
  });
});

test('a fetch that fails is told of, and the secret is deleted all the same', async () => {
  await using cloud = await startProvisioner({}, {[secretPath]: [503, 403]});

  const {message} = await failure((await made(cloud)).identify());

  expect(message).toBe(
    'Could not fetch credentials from AWS Provisioner: it answered 403: words of the service',
  );
  expect(cloud.requests.at(-1)).toBe(`DELETE ${secretPath}`);
});

test('of two failures the first is told', async () => {
  await using cloud = await startProvisioner(
    {},
    {[secretPath]: 404, [`DELETE ${secretPath}`]: 403},
  );

  const {message} = await failure((await made(cloud)).identify());

  expect(message).toMatch(/^Could not fetch credentials from AWS Provisioner: it answered 404/v);
});

test('a secret that cannot be deleted ends the run', async () => {
  await using cloud = await startProvisioner({}, {[`DELETE ${secretPath}`]: [500, 403]});

  const {message} = await failure((await made(cloud)).identify());

  expect(message).toBe(
    'Could not delete credentials for worker in AWS Provisioner: it answered 403: words of the service',
  );
  expect(cloud.requests.at(-1)).toBe(`DELETE ${secretPath}`);
});

test('no failure repeats the security token or what it opens', async () => {
  const echo = {message: `no such secret: ${securityToken}`};
  await using echoing = await startProvisioner(
    {},
    {
      [secretPath](response) {
        response.writeHead(404).end(JSON.stringify(echo));
      },
    },
  );
  await using odd = await startProvisioner(
    {},
    {[secretPath]: {credentials: {clientId: 7, accessToken: 'access-1'}}},
  );
  await using gone = await startProvisioner({taskclusterRootUrl: 'http://127.0.0.1:1'});

  const messages = await Promise.all(
    [echoing, odd, gone].map(
      async (cloud) => (await failure((await made(cloud)).identify())).message,
    ),
  );

  expect(messages).toEqual([
    'Could not fetch credentials from AWS Provisioner: it answered 404: no such secret: ‹redacted›',
    'Could not fetch credentials from AWS Provisioner: the answer has no text credentials.clientId',
    expect.stringContaining('127.0.0.1:1/api/aws-provisioner/v1 does not answer: ECONNREFUSED'),
  ]);
  expect(messages.join(' ')).not.toContain(securityToken);
});

test('the secret is deleted even when the run is ended meanwhile', async () => {
  await using cloud = await startProvisioner({}, {[secretPath]: () => undefined});
  const stop = new AbortController();
  const {provider} = await made(cloud);

  const identifying = provider.identify(stop.signal);
  const ended = expect(identifying).rejects.toThrow('enough');
  await until(() => cloud.requests.includes(`GET ${secretPath}`));
  stop.abort(new Error('enough'));

  await ended;
  expect(cloud.requests.at(-1)).toBe(`DELETE ${secretPath}`);
});

test.each([
  [{capacity: 1}, {from: 'user-data'}],
  [{capacity: undefined}, {from: 'user-data'}],
  [{capacity: 4}, {from: 'user-data', capacity: 4}],
  [{capacity: 4, data: {config: {capacity: 2}}}, {capacity: 4}],
  [{data: {}}, {}],
  [{data: undefined}, {}],
])('with %j in the user data the worker gets %j', async (changes, workerConfig) => {
  await using cloud = await startProvisioner(changes);

  expect((await (await made(cloud)).identify()).workerConfig).toEqual(workerConfig);
});

test('docker-worker is told when to shut down, whatever the user data says', async () => {
  const shutdown = {enabled: false, afterIdleSeconds: 1, other: true};
  await using cloud = await startProvisioner({data: {config: {shutdown}}});

  const {workerConfig} = await (await made(cloud, 'docker-worker')).identify();

  expect(workerConfig).toEqual({shutdown: {enabled: true, afterIdleSeconds: 900, other: true}});
});

test('a shutdown that is no object ends the run, and the secret is deleted all the same', async () => {
  await using cloud = await startProvisioner({data: {config: {shutdown: 'never'}}});

  const {message} = await failure((await made(cloud, 'docker-worker')).identify());

  expect(message).toContain('shutdown is not an object in existing config');
  expect(cloud.requests.at(-1)).toBe(`DELETE ${secretPath}`);
});

test.each([
  '/user-data',
  '/meta-data/ami-id',
  '/meta-data/instance-id',
  '/meta-data/instance-type',
  '/meta-data/public-ipv4',
  '/meta-data/placement/availability-zone',
  '/meta-data/public-hostname',
  '/meta-data/local-ipv4',
])('names %s when EC2 does not tell it', async (path) => {
  await using cloud = await startProvisioner({}, {[`/latest${path}`]: [500, 404]});

  const {message} = await failure((await made(cloud)).identify());

  expect(message).toBe(`Error querying AWS metadata ${path}: it answered 404`);
});

test.each(['workerType', 'provisionerId', 'region'])(
  'names %s when the user data lacks it, and the secret is deleted all the same',
  async (key) => {
    await using cloud = await startProvisioner({[key]: 7});

    const {message} = await failure((await made(cloud)).identify());

    expect(message).toBe(`user data has no text ${key}`);
    expect(cloud.requests.at(-1)).toBe(`DELETE ${secretPath}`);
  },
);

test.each(['taskclusterRootUrl', 'securityToken'])(
  'names %s when the user data lacks it, without which nothing can be fetched',
  async (key) => {
    await using cloud = await startProvisioner({[key]: undefined});

    const {message} = await failure((await made(cloud)).identify());

    expect(message).toBe(`user data has no text ${key}`);
    expect(cloud.requests).toEqual(['GET /latest/user-data']);
  },
);

test('starts without a look, and then tells the worker at each look to end', async () => {
  await using cloud = await startProvisioner({}, {[termination]: [404, 'soon']});
  const {provider, lines} = await make('aws-provisioner', {metadataUrl: cloud.url}, {secondMs: 2});
  const requestsAtStart = cloud.requests.length;
  const startedAt = performance.now();

  await watched(provider, (told) => told >= 2);

  expect(requestsAtStart).toBe(0);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3 * 30 * 2 - 5);
  expect(lines.slice(0, 5)).toEqual([
    'polling for termination-time',
    'polling for termination-time',
    'EC2 Metadata Service says termination is imminent',
    'polling for termination-time',
    'EC2 Metadata Service says termination is imminent',
  ]);
});
