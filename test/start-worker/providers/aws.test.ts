import {expect, test} from '@jest/globals';
import {awsDocument, startAws, userData} from '../cloud-documents.js';
import {hang, make, until, watched, type Turn} from '../clouds.js';
import {failure} from '../../support/failure.js';

const termination = '/latest/meta-data/spot/termination-time';

test('an EC2 instance is who its user data and its identity document say', async () => {
  await using cloud = await startAws();

  const {provider, identify} = await make('aws', {metadataUrl: cloud.url});

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    providerId: 'cloud-1',
    workerPoolId: 'proj-x/ci',
    workerGroup: 'group-1',
    workerId: 'i-0123',
    proof: {document: awsDocument, signature: 'c2lnbmVk\nlines'},
    workerLocation: {cloud: 'aws', region: 'us-west-2', availabilityZone: 'us-west-2a'},
    providerMetadata: {
      'instance-id': 'i-0123',
      image: 'ami-9',
      'instance-type': 'm3.large',
      region: 'us-west-2',
      'availability-zone': 'us-west-2a',
      'local-ipv4': '10.1.2.3',
      'public-hostname': 'ec2-1.example.com',
      'public-ipv4': '54.1.2.3',
    },
  });
  expect(provider.isDynamic).toBe(true);
  expect(provider.cacheRefusal).toBeUndefined();
  expect(cloud.requests).toEqual([
    'PUT /latest/api/token',
    `GET ${termination}`,
    'GET /latest/user-data',
    'GET /latest/dynamic/instance-identity/document',
    'GET /latest/dynamic/instance-identity/signature',
    'GET /latest/meta-data/public-hostname',
    'GET /latest/meta-data/public-ipv4',
  ]);
});

test.each([
  '/user-data',
  '/dynamic/instance-identity/document',
  '/dynamic/instance-identity/signature',
  '/meta-data/public-hostname',
  '/meta-data/public-ipv4',
])('names %s when EC2 does not tell it', async (path) => {
  await using cloud = await startAws({[`/latest${path}`]: 404});
  const {identify} = await make('aws', {metadataUrl: cloud.url});

  const {message} = await failure(identify());

  expect(message).toBe(`Error querying AWS metadata ${path}: it answered 404`);
});

test.each(['workerPoolId', 'providerId', 'workerGroup', 'rootUrl'])(
  'names %s when the user data lacks it',
  async (key) => {
    await using cloud = await startAws({'/latest/user-data': {...userData, [key]: 7}});
    const {identify} = await make('aws', {metadataUrl: cloud.url});

    expect((await failure(identify())).message).toBe(`user data has no text ${key}`);
  },
);

test('names what the identity document lacks', async () => {
  await using cloud = await startAws({'/latest/dynamic/instance-identity/document': '{}'});
  const {identify} = await make('aws', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe(
    'instance identity document has no text instanceId',
  );
});

test('asks again for a token that does not come within two seconds', async () => {
  await using cloud = await startAws();
  const handOut = cloud.paths['PUT /latest/api/token'] as Turn;
  cloud.paths['PUT /latest/api/token'] = [hang, handOut];
  const startedAt = performance.now();

  const {identify} = await make('aws', {metadataUrl: cloud.url});

  expect((await identify()).workerId).toBe('i-0123');
  expect(performance.now() - startedAt).toBeLessThan(9000);
});

test('says so when no token is given', async () => {
  await using cloud = await startAws({'PUT /latest/api/token': 403});
  const {identify} = await make('aws', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe(
    'Error querying AWS metadata /api/token: it answered 403',
  );
});

test('does not start on an instance that is about to go', async () => {
  await using cloud = await startAws({[termination]: [503, '2026-11-24T08:22:00Z']});

  const {message} = await failure(make('aws', {metadataUrl: cloud.url}));

  expect(message).toBe('instance is about to shutdown');
});

test('starts when EC2 cannot say whether it is about to go', async () => {
  await using cloud = await startAws({[termination]: 403});

  const {identify} = await make('aws', {metadataUrl: cloud.url});

  expect((await identify()).workerId).toBe('i-0123');
});

test('tells the worker to end, at each look once EC2 has set a time', async () => {
  await using cloud = await startAws({[termination]: [404, 404, 500, '']});
  const {provider, lines} = await make('aws', {metadataUrl: cloud.url});

  const told = await watched(provider, (count) => count >= 2);

  expect(told).toBeGreaterThanOrEqual(2);
  expect(lines.slice(0, 3)).toEqual([
    'Could not look for a termination notice, trying again: ' +
      'Error querying AWS metadata /meta-data/spot/termination-time: it answered 500',
    'EC2 Metadata Service says termination is imminent',
    'EC2 Metadata Service says termination is imminent',
  ]);
});

test('looks every five seconds', async () => {
  await using cloud = await startAws();
  const {provider} = await make('aws', {metadataUrl: cloud.url}, {secondMs: 20});
  const looks = () => cloud.requests.filter((each) => each === `GET ${termination}`).length - 1;
  const startedAt = performance.now();

  await watched(provider, () => looks() >= 3);

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3 * 5 * 20 - 5);
});

test('stops looking when the run ends, even while the worker cannot be told', async () => {
  await using cloud = await startAws({[termination]: [404, 'now']});
  const {provider, lines} = await make('aws', {metadataUrl: cloud.url});
  const stop = new AbortController();

  const watching = provider.watch!(async () => Promise.race([]), stop.signal);
  await until(() => lines.length > 0);
  stop.abort();

  await expect(watching).resolves.toBeUndefined();
  await expect(provider.watch!(async () => undefined, stop.signal)).resolves.toBeUndefined();
});
