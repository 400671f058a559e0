import {expect, test} from '@jest/globals';
import {providers} from '../../../src/start-worker/providers.js';
import {make} from '../clouds.js';
import {failure} from '../../support/failure.js';

const standalone = {
  rootURL: 'https://tc.example.com',
  clientID: 'client',
  accessToken: 'access-secret',
  workerPoolID: 'proj-x/ci',
  workerGroup: 'group',
  workerID: 'worker',
};

const statics = {
  rootURL: 'https://tc.example.com',
  providerID: 'static-1',
  workerPoolID: 'proj-x/ci',
  workerGroup: 'group',
  workerID: 'worker',
  staticSecret: 'static-secret',
};

test('a standalone worker has its credentials, and proves nothing', async () => {
  const {provider, identify} = await make('standalone', standalone);

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    credentials: {clientId: 'client', accessToken: 'access-secret'},
    workerPoolId: 'proj-x/ci',
    workerGroup: 'group',
    workerId: 'worker',
    providerId: 'standalone',
    providerMetadata: {},
    workerLocation: {cloud: 'standalone'},
  });
  expect(provider).toMatchObject({isDynamic: false});
  expect(provider.cacheRefusal).toBeUndefined();
  expect(provider.watch).toBeUndefined();
});

test('a static worker proves itself with its secret, and is not run from a cache', async () => {
  const {provider, identify} = await make('static', statics);

  expect(await identify()).toEqual({
    rootUrl: 'https://tc.example.com',
    proof: {staticSecret: 'static-secret'},
    workerPoolId: 'proj-x/ci',
    workerGroup: 'group',
    workerId: 'worker',
    providerId: 'static-1',
    providerMetadata: {},
    workerLocation: {cloud: 'static'},
  });
  expect(provider.isDynamic).toBe(false);
  expect(provider.cacheRefusal).toBe('do not use cacheOverRestarts with static provider');
  expect(provider.watch).toBeUndefined();
});

test.each([
  ['standalone', standalone],
  ['static', statics],
])('a %s worker takes metadata of any kind and a place, the cloud included', async (name, base) => {
  const {identify} = await make(name, {
    ...base,
    rootURL: 'https://tc.example.com/',
    providerMetadata: {'instance-type': 'big', cores: 4, tags: ['a']},
    workerLocation: {cloud: 'cellar', rack: '7'},
  });

  expect(await identify()).toMatchObject({
    rootUrl: 'https://tc.example.com',
    providerMetadata: {'instance-type': 'big', cores: 4, tags: ['a']},
    workerLocation: {cloud: 'cellar', rack: '7'},
  });
});

test.each([
  ...Object.keys(standalone).map((field) => ['standalone', field, standalone] as const),
  ...Object.keys(statics).map((field) => ['static', field, statics] as const),
])('a %s worker needs %s', async (name, field, base) => {
  const {[field as 'rootURL']: _absent, ...rest} = base;

  const absent = await failure(make(name, rest));
  const mistyped = await failure(make(name, {...base, [field]: 7}));

  expect(absent.message).toBe(`configuration value \`provider.${field}\` not found`);
  expect(mistyped.message).toContain(`configuration value \`provider.${field}\` should have type`);
  expect([absent.message, mistyped.message].join(' ')).not.toContain('-secret');
});

test.each([
  ['standalone', standalone],
  ['static', statics],
])('a %s worker is nowhere but in places that are texts', async (name, base) => {
  const {message} = await failure(make(name, {...base, workerLocation: {cloud: 'c', rack: 7}}));

  expect(message).toBe('workerLocation value rack is not a string');
});

test('a provider that nobody knows is refused, and the known ones are named', async () => {
  const error = await failure(make('toString', {}));

  expect(error.message).toBe('unrecognized provider type toString');
  expect(error.suggestions).toEqual([
    'Use one of standalone, static, digitalocean, aws, google, azure, aws-provisioner',
  ]);
});

test.each([
  ['aws', '169.254.169.254'],
  ['aws-provisioner', '169.254.169.254'],
  ['azure', '169.254.169.254'],
  ['digitalocean', '169.254.169.254'],
  ['google', 'metadata.google.internal'],
])('%s asks at %s by default, without TLS', async (name, host) => {
  const field = providers.get(name)!.fields.find((each) => each.name === 'metadataUrl');

  expect(field).toMatchObject({type: 'string', isRequired: false});
  expect(field!.text).toContain(`\`${['http', host].join('://')}\``);
});
