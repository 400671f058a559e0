import {expect, test} from '@jest/globals';
import {checkRootUrl, checkState, startState, type State} from '../../src/start-worker/state.js';
import {makeState} from './workers.js';

test('starts with what the provider has found, its configuration over the runner’s', () => {
  const {
    credentials,
    credentialsExpire,
    registrationSecret,
    workerConfig,
    secretConfig,
    files,
    ...identity
  } = makeState();

  const state = startState(
    {...identity, proof: {staticSecret: 's'}, workerConfig: {a: 2, list: ['p']}},
    {a: 1, b: 1, list: ['r']},
  );

  expect(state).toEqual({
    ...identity,
    credentials: {clientId: '', accessToken: ''},
    credentialsExpire: undefined,
    registrationSecret: undefined,
    workerConfig: {a: 2, b: 1, list: ['r', 'p']},
    secretConfig,
    files: [],
  });
});

test('takes the credentials of a provider that has its own', () => {
  const state = startState(makeState(), {});

  expect(state.credentials).toEqual({clientId: 'worker/ci-0', accessToken: 'no-secret-token'});
});

test('accepts a state with all that is needed', () => {
  expect(() => {
    checkState(makeState());
  }).not.toThrow();
});

test('names the first thing that is missing, in this order', () => {
  const state = makeState({
    rootUrl: '',
    credentials: {clientId: '', accessToken: ''},
    workerPoolId: '',
    workerGroup: '',
    workerId: '',
    providerId: '',
    workerLocation: {},
  });
  const steps: Array<[string, Partial<State>]> = [
    ['provider did not set RootURL', {rootUrl: 'https://tc.example.com/'}],
    ['RootURL must not end with `/`', {rootUrl: 'https://tc.example.com'}],
    ['provider did not set Credentials.ClientID', {credentials: {clientId: 'c', accessToken: ''}}],
    ['provider did not set WorkerPoolID', {workerPoolId: 'a/b'}],
    ['provider did not set WorkerGroup', {workerGroup: 'g'}],
    ['provider did not set WorkerID', {workerId: 'w'}],
    ['provider did not set ProviderID', {providerId: 'p'}],
    ['provider did not set the cloud name', {workerLocation: {cloud: 'static'}}],
    [
      'provider did not set Credentials.AccessToken',
      {credentials: {clientId: 'c', accessToken: 'a'}},
    ],
  ];

  for (const [message, remedy] of steps) {
    expect(() => {
      checkState(state);
    }).toThrow(expect.objectContaining({message}));
    Object.assign(state, remedy);
  }

  checkState(state);
});

test.each([
  'nonsense',
  'tc.example.com',
  'ftp://tc.example.com',
  'https://me:hush@tc.example.com',
  'https://tc.example.com?hush',
  'https://tc.example.com#hush',
  'https://tc.example.com:hush',
  'https://hush hush',
])('an address like %j is refused, and not shown', (rootUrl) => {
  expect(() => {
    checkRootUrl(rootUrl);
  }).toThrow(/^RootURL must be an http or https URL without user, query and fragment$/v);
});
