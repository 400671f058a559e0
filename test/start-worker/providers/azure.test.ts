import {expect, test} from '@jest/globals';
import {azureInstance, startAzure} from '../cloud-documents.js';
import {make, watched} from '../clouds.js';
import {failure} from '../../support/failure.js';

const instancePath = '/metadata/instance?api-version=2025-04-07';
const attestedPath = '/metadata/attested/document?api-version=2025-04-07';
const eventsPath = '/metadata/scheduledevents?api-version=2020-07-01';
const freeze = {EventId: 'a', EventType: 'Freeze', EventStatus: 'Scheduled'};
const preempt = {EventId: 'b', EventType: 'Preempt', EventStatus: 'Scheduled'};

test('an Azure machine is who its tags say', async () => {
  await using cloud = await startAzure();

  const {provider, identify} = await make('azure', {metadataUrl: cloud.url});

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    providerId: 'azure-1',
    workerPoolId: 'proj-x/ci',
    workerGroup: 'westus',
    workerId: 'vm-7',
    proof: {document: 'MII'},
    workerLocation: {cloud: 'azure', region: 'westus'},
    providerMetadata: {
      'vm-id': 'v-1',
      'instance-type': 'Standard_F4s',
      region: 'westus',
      'local-ipv4': '10.4.0.4',
      'public-ipv4': '40.1.2.3',
    },
  });
  expect(provider.isDynamic).toBe(true);
  expect(cloud.requests).toEqual([`GET ${instancePath}`, `GET ${attestedPath}`]);
});

test.each([
  ['root-url', ['root-url', 'worker-pool-id', 'provider-id', 'worker-group']],
  ['worker-pool-id', ['worker-pool-id', 'provider-id', 'worker-group']],
  ['provider-id', ['provider-id', 'worker-group']],
  ['worker-group', ['worker-group']],
])('names the tag %s first of the missing %j', async (first, without) => {
  await using cloud = await startAzure({[instancePath]: azureInstance({without})});
  const {identify} = await make('azure', {metadataUrl: cloud.url});

  const {message} = await failure(identify());

  expect(message).toBe(`did not get ${first} from instance tagged data`);
});

const pair = {privateIpAddress: '10.4.0.4', publicIpAddress: '40.1.2.3'};

test.each([
  ['no interface', []],
  ['two interfaces', [{ipv4: {ipAddress: [pair]}}, {ipv4: {ipAddress: [pair]}}]],
  ['no address', [{ipv4: {ipAddress: []}}]],
  ['two addresses', [{ipv4: {ipAddress: [pair, pair]}}]],
])('tells no address of a machine with %s', async (_what, interfaces) => {
  await using cloud = await startAzure({[instancePath]: azureInstance({interfaces})});
  const {identify} = await make('azure', {metadataUrl: cloud.url});

  expect(Object.keys((await identify()).providerMetadata)).toEqual([
    'vm-id',
    'instance-type',
    'region',
  ]);
});

test('tells no public address of a machine without one', async () => {
  const interfaces = [{ipv4: {ipAddress: [{...pair, publicIpAddress: ''}]}}];
  await using cloud = await startAzure({[instancePath]: azureInstance({interfaces})});
  const {identify} = await make('azure', {metadataUrl: cloud.url});

  const {providerMetadata} = await identify();

  expect(providerMetadata).toMatchObject({'local-ipv4': '10.4.0.4'});
  expect(providerMetadata).not.toHaveProperty('public-ipv4');
});

test('takes no other proof than a pkcs7 document', async () => {
  await using cloud = await startAzure({[attestedPath]: {encoding: 'pem', signature: 'MII'}});
  const {identify} = await make('azure', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe(
    'expected attested document with format pkcs7, got pem',
  );
});

test.each([
  ['/metadata/instance', instancePath],
  ['/metadata/attested/document', attestedPath],
])('names %s when Azure does not tell it', async (shown, path) => {
  await using cloud = await startAzure({[path]: [500, 404]});
  const {identify} = await make('azure', {metadataUrl: cloud.url});

  expect((await failure(identify())).message).toBe(
    `Error querying Azure metadata ${shown}: it answered 404`,
  );
});

test('makes no request before it is asked who it is: the first may take minutes', async () => {
  await using cloud = await startAzure({[eventsPath]: {Events: [preempt]}});

  await make('azure', {metadataUrl: cloud.url});

  expect(cloud.requests).toEqual([]);
});

test('tells the worker of any event but a freeze, looking every second', async () => {
  const none = {DocumentIncarnation: 1, Events: []};
  await using cloud = await startAzure({
    [eventsPath]: [none, 500, 500, {Events: [freeze]}, 500, {Events: [freeze, preempt]}],
  });
  const {provider, lines} = await make('azure', {metadataUrl: cloud.url}, {secondMs: 20});
  const startedAt = performance.now();

  const told = await watched(provider, (count) => count > 0);

  expect(told).toBeGreaterThan(0);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(6 * 20 - 5);
  const broken =
    'Could not look for a termination notice, trying again: ' +
    'Error querying Azure metadata /metadata/scheduledevents: it answered 500';
  expect(lines.slice(0, 3)).toEqual([
    broken,
    broken,
    'Azure Metadata Service says a Preempt maintenance event is imminent',
  ]);
});

test('a freeze ends no worker', async () => {
  await using cloud = await startAzure({[eventsPath]: {Events: [freeze]}});
  const {provider, lines} = await make('azure', {metadataUrl: cloud.url});

  const told = await watched(provider, () => cloud.requests.length >= 5);

  expect(told).toBe(0);
  expect(lines).toEqual([]);
});
