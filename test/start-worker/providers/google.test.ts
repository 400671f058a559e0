import {expect, test} from '@jest/globals';
import {startGoogle, userData} from '../cloud-documents.js';
import {drop, hang, make, slow, watched} from '../clouds.js';
import {failure} from '../../support/failure.js';

const base = '/computeMetadata/v1';
const preempted = `${base}/instance/preempted`;
const change = `${preempted}?wait_for_change=true`;
const notice = 'GCP Metadata Service says termination is imminent';

test('a Google instance is who its attributes say', async () => {
  await using cloud = await startGoogle();

  const {provider, identify} = await make('google', {metadataUrl: `${cloud.url}/`});

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    providerId: 'cloud-1',
    workerPoolId: 'proj-x/ci',
    workerGroup: 'group-1',
    workerId: '4567',
    proof: {token: 'ey.secret.token'},
    workerLocation: {cloud: 'google', region: 'us-east1', zone: 'us-east1-b'},
    providerMetadata: {
      'instance-id': '4567',
      'project-id': 'project-1',
      image: 'projects/p/images/i-1',
      'instance-type': 'projects/1/machineTypes/n1',
      region: 'us-east1',
      zone: 'us-east1-b',
      'public-hostname': 'h.google.example',
      'public-ipv4': '34.1.2.3',
      'local-ipv4': '10.9.8.7',
    },
  });
  expect(provider.isDynamic).toBe(true);
});

test.each([
  '/instance/id',
  '/instance/attributes/taskcluster',
  '/instance/service-accounts/default/identity',
  '/project/project-id',
  '/instance/image',
  '/instance/machine-type',
  '/instance/zone',
  '/instance/hostname',
  '/instance/network-interfaces/0/access-configs/0/external-ip',
  '/instance/network-interfaces/0/ip',
])('names %s when Google does not tell it', async (path) => {
  await using cloud = await startGoogle();
  for (const key of Object.keys(cloud.paths)) {
    if (key.split('?')[0] === `${base}${path}`) {
      cloud.paths[key] = [503, 404];
    }
  }

  const {identify} = await make('google', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe(
    `Error querying Google metadata ${path}: it answered 404`,
  );
});

test('names what the user data lacks', async () => {
  const {rootUrl: _absent, ...rest} = userData;
  await using cloud = await startGoogle({[`${base}/instance/attributes/taskcluster`]: rest});
  const {identify} = await make('google', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe('user data has no text rootUrl');
});

test('does not start on an instance that is preempted', async () => {
  await using cloud = await startGoogle({[preempted]: 'TRUE'});

  const {message} = await failure(make('google', {metadataUrl: cloud.url}));

  expect(message).toBe('instance is about to shutdown');
});

test('tells the worker once to end, when the value changes', async () => {
  await using cloud = await startGoogle({[change]: slow(100, 'TRUE')});
  const {provider, lines} = await make('google', {metadataUrl: cloud.url});
  const looks = () => cloud.requests.filter((each) => each === `GET ${change}`).length;
  const startedAt = performance.now();

  const told = await watched(provider, (count) => count > 0 && performance.now() - startedAt > 300);

  expect([told, looks()]).toEqual([1, 1]);
  expect(lines).toEqual([notice]);
});

test('sees a change that came while nobody waited for one', async () => {
  await using cloud = await startGoogle({[preempted]: ['FALSE', 'TRUE'], [change]: hang});
  const {provider, lines} = await make('google', {metadataUrl: cloud.url});

  expect(await watched(provider, (count) => count > 0)).toBe(1);
  expect(lines).toEqual([notice]);
});

test('pauses after errors, says so once, and goes on waiting', async () => {
  await using cloud = await startGoogle({[change]: [500, drop, 500, 'TRUE']});
  const {provider, lines} = await make('google', {metadataUrl: cloud.url}, {secondMs: 30});
  const startedAt = performance.now();

  const told = await watched(provider, (count) => count > 0);

  expect(told).toBe(1);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(4 * 30 - 5);
  expect(lines).toEqual([
    'Could not look for a termination notice, trying again: ' +
      'Error querying Google metadata /instance/preempted: it answered 500',
    notice,
  ]);
});

test('asks anew after a wait that nothing ended, without a word', async () => {
  await using cloud = await startGoogle({[change]: [hang, 'FALSE', 'TRUE']});
  const {provider, lines} = await make('google', {metadataUrl: cloud.url}, {secondMs: 1});

  expect(await watched(provider, (count) => count > 0)).toBe(1);
  expect(lines).toEqual([notice]);
});

test('stops waiting for a change when the run ends', async () => {
  await using cloud = await startGoogle({[change]: hang});
  const {provider, lines} = await make('google', {metadataUrl: cloud.url}, {secondMs: 50});

  await watched(provider, () => cloud.requests.includes(`GET ${change}`));

  expect(lines).toEqual([]);
});
