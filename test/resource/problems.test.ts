import {expect, test} from '@jest/globals';
import {runIn} from '../../src/resource/in.js';
import {startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {newDirectory, sourceFor} from '../support/resource.js';
import {edgeOn, put} from './run.js';

test.each([
  [{action: 'destroy'}, 'params: action destroy belongs to a put'],
  [{worker_name: 'a', drain: '5m'}, 'params: drain belongs to a put that destroys'],
  [{count: 2}, 'params: count and tags go with action create only'],
  [{action: 'create', dont_destroy: true}, 'params: dont_destroy goes with action destroy only'],
])('a get is refused with %j', async (parameters, problem) => {
  await using emulator = await startQuick();
  const {edge} = await edgeOn(emulator);
  const request = {source: sourceFor(emulator), version: {at: '1'}, params: parameters};

  const {message} = await failure(runIn(JSON.stringify(request), await newDirectory(), edge));

  expect(message).toBe(problem);
  expect(emulator.digitalOcean.requests).toEqual([]);
});

test.each([{action: 'none'}, {dont_destroy: true}])(
  'a step that %j switches off keeps its other params',
  async (off) => {
    await using emulator = await startQuick();
    const {edge} = await edgeOn(emulator);
    const parameters = {...off, worker_name: 'a', count: 2, tags: ['x']};
    const request = {source: sourceFor(emulator), version: {at: '1'}, params: parameters};

    const {version} = await put(emulator, parameters);
    await runIn(JSON.stringify(request), await newDirectory(), edge);

    expect(version.action).toBe('none');
    expect(emulator.digitalOcean.requests).toEqual([]);
  },
);

test('a destroy takes no count or tags', async () => {
  await using emulator = await startQuick();

  const {message} = await failure(put(emulator, {count: 2}));

  expect(message).toBe('params: count and tags go with action create only');
});

test.each([
  [{ci_worker_key: ''}, 'source: ci_worker_key is missing'],
  [{ci_tsa_pub_key: ''}, 'source: ci_tsa_pub_key is missing'],
  [
    {ci_worker_key: '', ci_tsa_pub_key: ''},
    '2 problems:\n- source: ci_worker_key is missing\n- source: ci_tsa_pub_key is missing',
  ],
])('tells once what is missing: %j', async (source, problems) => {
  await using emulator = await startQuick();

  const {message} = await failure(put(emulator, {action: 'create'}, {source}));

  expect(message).toBe(problems);
});

test.each(['droplet_key', 'droplet_kay'])(
  'a key of the source that no droplet needs can be left out: %s',
  async (field) => {
    await using emulator = await startQuick();
    const source = {[field]: '-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----'};

    const {message} = await failure(put(emulator, {action: 'create'}, {source}));

    expect(message).toMatch(/^source: droplet_key is an EC key, .*; or leave it out$/v);
  },
);
