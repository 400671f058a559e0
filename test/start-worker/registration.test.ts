import {expect, test} from '@jest/globals';
import {checkCachedCredentials, registerWorker} from '../../src/start-worker/registration.js';
import type {State} from '../../src/start-worker/state.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';
import {startManager} from './manager.js';
import {makeState} from './workers.js';

const file = {description: 'd', path: '/p', content: '', encoding: 'base64', format: 'file'};
const answer = (workerConfig: JsonObject): JsonObject => ({
  expires: '2030-01-01T00:00:00.000Z',
  credentials: {clientId: 'worker/x', accessToken: 'hush-token', certificate: '{"v":1}'},
  secret: 'hush-secret',
  workerConfig,
});

async function register(
  manager: Awaited<ReturnType<typeof startManager>>,
  state: State,
  signal = AbortSignal.timeout(10_000),
) {
  const log = collectLog();
  await registerWorker(state, {
    proof: {staticSecret: 'hush-proof'},
    implementation: 'generic-worker',
    workerManager: manager.connect(),
    log,
    now: Date.now,
    signal,
  });
  return log.lines;
}

test('shows who it is, unsigned, and when the machine started', async () => {
  await using manager = await startManager(() => answer({}));

  await register(manager, makeState());

  const [{path, authorization, body}] = manager.requests as [(typeof manager.requests)[0]];
  const {systemBootTime, ...rest} = body;
  expect(path).toBe('/api/worker-manager/v1/worker/register');
  expect(authorization).toBe('');
  expect(rest).toEqual({
    workerPoolId: 'proj-example/ci',
    providerId: 'digitalocean',
    workerGroup: 'ams3',
    workerId: 'ci-0',
    workerIdentityProof: {staticSecret: 'hush-proof'},
  });
  expect(systemBootTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/v);
  expect(Date.parse(systemBootTime as string)).toBeLessThan(Date.now());
});

test('adds what it is answered to the state', async () => {
  await using manager = await startManager(() =>
    answer({genericWorker: {config: {a: 'pool', list: [2]}, files: [file]}}),
  );
  const other = {...file, path: '/other'};
  const state = makeState({workerConfig: {a: 'own', b: 'own', list: [1]}, files: [other]});

  await register(manager, state);

  expect(state).toMatchObject({
    credentials: {clientId: 'worker/x', accessToken: 'hush-token', certificate: '{"v":1}'},
    credentialsExpire: new Date('2030-01-01T00:00:00.000Z'),
    registrationSecret: 'hush-secret',
    workerConfig: {a: 'pool', b: 'own', list: [1, 2]},
    files: [other, file],
  });
});

test.each([null, '', undefined])('the certificate %j is none', async (certificate) => {
  await using manager = await startManager(() => ({
    ...answer({}),
    credentials: {clientId: 'c', accessToken: 'a', ...(certificate !== undefined && {certificate})},
  }));
  const state = makeState();

  await register(manager, state);

  expect(state.credentials).toEqual({clientId: 'c', accessToken: 'a', certificate: undefined});
});

test.each([
  {credentials: {clientId: '', accessToken: 'hush'}},
  {credentials: {clientId: 'c', accessToken: ''}},
  {credentials: {clientId: 'c', accessToken: ['hush']}},
  {credentials: {clientId: 'c', accessToken: 'hush', certificate: {seed: 'hush'}}},
  {credentials: null},
  {secret: {of: 'hush'}},
  {expires: 'soon'},
])('an answer with %j is none of a worker manager', async (changes: JsonObject) => {
  await using manager = await startManager(() => ({...answer({}), ...changes}));
  const state = makeState();

  const registering = register(manager, state);

  await expect(registering).rejects.toThrow(
    /^could not register worker: .* answers, but not as Taskcluster does$/v,
  );
  await expect(registering).rejects.not.toThrow('hush');
  expect(state).toEqual(makeState());
});

test('says what could not be done, and not what with', async () => {
  await using manager = await startManager(() => 400);

  const registering = register(manager, makeState());

  await expect(registering).rejects.toThrow(/^could not register worker: .*told so/v);
  await expect(registering).rejects.not.toThrow('hush');
});

test('stops when it is told to', async () => {
  await using manager = await startManager(() => 400);
  const reason = new Error('stop');

  await expect(register(manager, makeState(), AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(manager.requests).toEqual([]);
});

test('cached credentials are good until they expire', () => {
  const expire = (credentialsExpire: Date | undefined) => () => {
    checkCachedCredentials(makeState({credentialsExpire}), () => 1000);
  };

  expect(expire(undefined)).not.toThrow();
  expect(expire(new Date(1001))).not.toThrow();
  expect(expire(new Date(1000))).toThrow(
    /^cached worker credentials have expired; cannot re-register$/v,
  );
});
