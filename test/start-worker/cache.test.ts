import {chmod, readdir, readFile, symlink, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {readCache, writeCache} from '../../src/start-worker/cache.js';
import {collectLog} from './collect.js';
import {foreignFile, makeFolder, modeOf} from './folder.js';
import {makeState} from './workers.js';

const full = makeState({
  credentials: {clientId: 'c', accessToken: 'hush', certificate: '{"v": 1}'},
  credentialsExpire: new Date('2026-08-01T10:00:00.123Z'),
  registrationSecret: 'hush2',
  providerMetadata: {region: 'ams3', tags: ['a']},
  workerConfig: {a: {b: [1]}},
  secretConfig: undefined,
  files: [{description: 'd', path: '/p', content: 'aA==', encoding: 'base64', format: 'file'}],
});

async function startCache(text?: string, mode = 0o600) {
  const folder = await makeFolder();
  const file = folder.at('state.json');
  if (text !== undefined) {
    await writeFile(file, text);
    await chmod(file, mode);
  }

  return {...folder, file, log: collectLog()};
}

test('keeps the whole state, and tells so', async () => {
  await using cache = await startCache();

  await writeCache(cache.file, full, cache.log);
  const state = await readCache(cache.file, cache.log);

  expect(state).toEqual(full);
  expect(cache.log.lines).toEqual([
    `Caching worker-runner state at ${cache.file}`,
    `Loading cached state from ${cache.file}`,
  ]);
});

test('names the fields as worker-runner does', async () => {
  await using cache = await startCache();

  await writeCache(cache.file, full, cache.log);

  expect(JSON.parse(await readFile(cache.file, 'utf8'))).toEqual({
    RootURL: 'https://tc.example.com',
    Credentials: {clientId: 'c', accessToken: 'hush', certificate: '{"v": 1}'},
    CredentialsExpire: '2026-08-01T10:00:00.123Z',
    RegistrationSecret: 'hush2',
    WorkerPoolID: 'proj-example/ci',
    WorkerGroup: 'ams3',
    WorkerID: 'ci-0',
    ProviderID: 'digitalocean',
    ProviderMetadata: {region: 'ams3', tags: ['a']},
    WorkerConfig: {a: {b: [1]}},
    Files: full.files,
    WorkerLocation: {cloud: 'digitalocean', region: 'ams3'},
  });
});

test('credentials that never expire have the date of the year 1', async () => {
  await using cache = await startCache();

  await writeCache(cache.file, makeState(), cache.log);

  expect(await readFile(cache.file, 'utf8')).toContain(
    '"CredentialsExpire":"0001-01-01T00:00:00.000Z"',
  );
  expect(await readCache(cache.file, cache.log)).toMatchObject({credentialsExpire: undefined});
});

test('reads what worker-runner writes for things that are not set', async () => {
  await using cache = await startCache(
    JSON.stringify({
      RootURL: 'https://tc',
      Credentials: {clientId: 'c', accessToken: 'a', certificate: '', authorizedScopes: null},
      CredentialsExpire: '0001-01-01T00:00:00.000Z',
      ProviderMetadata: null,
      Files: null,
    }),
  );

  expect(await readCache(cache.file, cache.log)).toEqual({
    rootUrl: 'https://tc',
    credentials: {clientId: 'c', accessToken: 'a', certificate: undefined},
    credentialsExpire: undefined,
    registrationSecret: undefined,
    workerPoolId: '',
    workerGroup: '',
    workerId: '',
    providerId: '',
    providerMetadata: {},
    workerConfig: {},
    files: [],
    workerLocation: {},
  });
});

test('the first run finds nothing, and says nothing', async () => {
  await using cache = await startCache();

  expect(await readCache(cache.file, cache.log)).toBeUndefined();
  expect(cache.log.lines).toEqual([]);
});

test('writes for its user only, in place of whatever is there', async () => {
  await using cache = await startCache();
  const other = cache.at('other');
  await writeFile(other, 'untouched', {mode: 0o666});
  await symlink(other, cache.file);
  await writeFile(`${cache.file}.new`, 'left over', {mode: 0o666});

  await writeCache(cache.file, full, cache.log);
  await writeCache(cache.file, makeState({workerId: 'renewed'}), cache.log);

  expect(await modeOf(cache.file)).toBe('0600');
  expect(await readFile(other, 'utf8')).toBe('untouched');
  expect(await readCache(cache.file, cache.log)).toMatchObject({workerId: 'renewed'});
  expect(await readdir(path.dirname(cache.file))).toEqual(['other', 'state.json']);
});

test.each([0o644, 0o640, 0o660, 0o601])(
  'a cache of mode %o is an error, and stays',
  async (mode) => {
    await using cache = await startCache('{}', mode);

    await expect(readCache(cache.file, cache.log)).rejects.toThrow(
      `error loading cached state: ${cache.file} has mode 0${mode.toString(8)}; only its owner may have access`,
    );
    expect(await modeOf(cache.file)).toBe(`0${mode.toString(8)}`);
    expect(cache.log.lines).toEqual([]);
  },
);

test("another user's cache is an error", async () => {
  await using cache = await startCache();

  await expect(readCache(await foreignFile(cache), cache.log)).rejects.toThrow(
    /^error loading cached state: .* has incorrect owner id \d+ \(expected \d+\)$/v,
  );
});

test.each([
  ['{"Credentials": {"accessToken": "hush', 'it is not a JSON object'],
  ['["hush"]', 'it is not a JSON object'],
  ['{"RootURL": ["hush"]}', 'RootURL is not a string'],
  ['{"Credentials": "hush"}', 'Credentials is not an object'],
  ['{"CredentialsExpire": "hush"}', 'CredentialsExpire is not a time'],
  ['{"Files": "hush"}', 'Files is not an array'],
  ['{"Files": ["hush"]}', 'Files has something that is not an object'],
  ['{"WorkerLocation": {"cloud": {"hush": 1}}}', 'cloud is not a string'],
])('%s is an error that shows nothing of it', async (text, message) => {
  await using cache = await startCache(text);

  await expect(readCache(cache.file, cache.log)).rejects.toThrow(
    expect.objectContaining({message: `error loading cached state: ${message}`}),
  );
});

test('a folder that is not there is an error', async () => {
  await using cache = await startCache();
  const file = cache.at('none/state.json');

  await expect(writeCache(file, full, cache.log)).rejects.toThrow(
    `could not cache state at ${file}: no such file`,
  );
});
