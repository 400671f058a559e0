import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {expect, test} from '@jest/globals';
import {addSecrets} from '../../src/start-worker/secrets.js';
import type {Json, JsonObject} from '../../src/start-worker/worker-config.js';
import {Secrets} from '../../src/taskcluster/secrets.js';
import {collectLog} from './collect.js';
import {makeState} from './workers.js';

const older = 'worker-type:proj-example/ci';
const newer = 'worker-pool:proj-example/ci';
const none = 'WARNING: No worker secrets for worker pool proj-example/ci.';
const fallback = 'Falling back to legacy secret format without top-level config/files properties';

/** A secrets service; a number is the status of a refusal. */
async function startSecrets(known: Record<string, Json>) {
  const asked: string[] = [];
  const secretConfigs: Array<JsonObject | undefined> = [];
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url!.replace('/api/secrets/v1/secret/', ''));
    asked.push(name);
    const secret = Object.hasOwn(known, name) ? known[name]! : 404;
    const isRefusal = typeof secret === 'number';
    const codes: Record<number, string> = {403: 'InsufficientScopes', 404: 'ResourceNotFound'};
    const body = isRefusal
      ? {code: codes[secret] ?? 'InputError', message: 'no', requestInfo: {}}
      : {secret, expires: '2030-01-01T00:00:00.000Z'};
    response
      .writeHead(isRefusal ? secret : 200, {'content-type': 'application/json'})
      .end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  const log = collectLog();
  return {
    asked,
    /** What is known to be secret. */
    secretConfigs,
    log,
    async add(workerConfig: JsonObject = {}) {
      const state = makeState({workerConfig});
      const secrets = new Secrets({
        rootUrl: `http://127.0.0.1:${port}`,
        credentials: {clientId: 'c', accessToken: 'a'},
        retries: 0,
      });
      await addSecrets(state, {secrets, log, signal: AbortSignal.timeout(10_000)});
      secretConfigs.push(state.secretConfig);
      return state.workerConfig;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('asks for both names, and merges the newer over the older over what is configured', async () => {
  await using service = await startSecrets({
    [older]: {config: {a: 'older', b: 'older', list: [2]}},
    [newer]: {config: {a: 'newer', list: [3]}, files: []},
  });

  const config = await service.add({a: 'own', b: 'own', c: 'own', list: [1]});

  expect(service.asked).toEqual([older, newer]);
  expect(config).toEqual({a: 'newer', b: 'older', c: 'own', list: [1, 2, 3]});
  expect(service.secretConfigs).toEqual([{a: 'newer', b: 'older', list: [2, 3]}]);
  expect(service.log.lines).toEqual([]);
});

test.each<[string, Record<string, Json>]>([
  ['neither is there', {}],
  ['the older is not allowed, and the newer is not there', {[older]: 403}],
])('goes on with a warning when %s', async (_title, known) => {
  await using service = await startSecrets(known);

  expect(await service.add({a: 1})).toEqual({a: 1});
  expect(service.log.lines).toEqual([none]);
});

test.each<[string, Record<string, Json>]>([
  ['403 for the older', {[older]: 403, [newer]: {config: {s: 1}}}],
  ['404 for the older', {[newer]: {config: {s: 1}}}],
  ['404 for the newer', {[older]: {config: {s: 1}}}],
])('one is enough: %s', async (_title, known) => {
  await using service = await startSecrets(known);

  expect(await service.add()).toEqual({s: 1});
  expect(service.log.lines).toEqual([]);
});

test.each<[string, Record<string, Json>]>([
  ['403 for the newer', {[older]: {}, [newer]: 403}],
  ['401 for the older', {[older]: 401}],
  ['400 for the newer', {[newer]: 400}],
])('%s ends the run', async (_title, known) => {
  await using service = await startSecrets(known);

  await expect(service.add()).rejects.toMatchObject({code: 'API'});
});

test.each<[Json, JsonObject, boolean]>([
  [{}, {}, false],
  [{config: {a: 1}}, {a: 1}, false],
  [{files: []}, {}, false],
  [{config: null, files: null}, {}, false],
  [{a: 1}, {a: 1}, true],
  [{config: {a: 1}, b: 1}, {config: {a: 1}, b: 1}, true],
  [{config: 'text'}, {config: 'text'}, true],
  [{files: 'text'}, {files: 'text'}, true],
  [{files: ['text']}, {files: ['text']}, true],
])('the secret %j is the configuration %j', async (secret, config, isLegacy) => {
  await using service = await startSecrets({[newer]: secret});

  expect(await service.add()).toEqual(config);
  expect(service.log.lines).toEqual(isLegacy ? [fallback] : []);
});

test('files in a secret are refused', async () => {
  await using service = await startSecrets({[newer]: {files: [{content: 'hush'}]}});

  await expect(service.add()).rejects.toThrow(
    /^secret files are nonempty - files are not supported yet$/v,
  );
});

test.each([[['hush']], ['hush'], [null], [true]])('the secret %j is refused', async (secret) => {
  await using service = await startSecrets({[newer]: secret});

  await expect(service.add()).rejects.toThrow(/^secret value is not a JSON object$/v);
});
