import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';
import {answerOf, build, type Answer, dropletNames, instant} from '../support/build.js';
import {newDirectory} from '../support/resource.js';
import {startScript} from '../support/run.js';

const posts = (emulator: Emulator) =>
  emulator.digitalOcean.requests.filter(({method}) => method === 'POST').length;

test('check gives a fresh version after the one given, and starts no Node', async () => {
  const folder = await newDirectory();
  await writeFile(path.join(folder, 'node'), '#!/bin/sh\necho Node was started >&2', {mode: 0o755});
  const environment = {PATH: `${folder}:/usr/bin:/bin`};
  const source = {api_key: 'x', vars: {text: '"version":{"a":"b"}}'}};

  const first = await startScript('check', {source, version: null}, {environment}).done;
  const [version] = JSON.parse(first.stdout) as object[];
  const second = await startScript('check', {source, version}, {environment}).done;

  expect(first.stderr).toBe('');
  expect(JSON.parse(first.stdout)).toEqual([{action: 'check', at: expect.any(String)}]);
  expect(JSON.parse(second.stdout)).toEqual([version, {action: 'check', at: expect.any(String)}]);
  expect(second.stdout).not.toBe(first.stdout);
});

test.each(['current', 'legacy'])(
  'the recommended form: a put creates, the get after it writes files, a put destroys (%s)',
  async (profile) => {
    await using emulator = await startEmulator({...instant, profile});
    const {put, get} = build(emulator);

    const created = answerOf(await put({worker_name: 'Shop', action: 'create', tags: ['arm64']}));
    const shown = await get(created.version);
    const [worker] = emulator.concourse.workers();
    const destroyed = answerOf(await put({worker_name: 'Shop', action: 'destroy'}));

    const {name, id, ip} = created.version;
    expect(name).toMatch(/^shop-b42-[a-z0-9]{8}$/v);
    expect(worker).toMatchObject({name, tags: ['Shop', 'arm64', 'Shop-b42']});
    expect(shown.files).toMatchObject({name, id, ip, tag: 'Shop', build_tag: 'Shop-b42'});
    expect(JSON.parse(shown.files['worker.json']!)).toEqual([
      {
        name,
        workerName: 'shop',
        run: 'b42',
        id: Number(id),
        ip,
        region: 'ams3',
        size: 's-2vcpu-2gb',
      },
    ]);
    expect(Object.fromEntries(created.metadata.map((row) => [row.name, row.value]))).toEqual({
      status: 'registered',
      worker: name,
      'droplet id': id,
      address: ip,
      link: `https://cloud.digitalocean.com/droplets/${id}`,
      region: 'ams3',
      size: 's-2vcpu-2gb',
      price: '$0.02679 an hour, $0.1072 at most',
      seconds: expect.stringMatching(/^plan [\d.]+ s, preflight .* s in all$/v),
    });
    expect(destroyed.version.action).toBe('destroy');
    expect(dropletNames(emulator)).toEqual([]);
    expect(emulator.concourse.workers()).toEqual([]);
  },
);

test('the historical form: a get with a worker_name provisions, a bare put destroys', async () => {
  await using emulator = await startEmulator(instant);
  const {put, get} = build(emulator);
  const [version] = JSON.parse((await startScript('check', {source: {}}).done).stdout) as object[];

  const got = await get(version!, {worker_name: 'ci-worker-shop-unit'});
  const made = dropletNames(emulator);
  const destroyed = answerOf(await put());

  expect(answerOf(got).version).toEqual(version);
  expect(made).toEqual([got.files.name]);
  expect(got.files.tag).toBe('ci-worker-shop-unit');
  expect(destroyed.metadata[0]).toEqual({name: 'status', value: 'destroyed'});
  expect(dropletNames(emulator)).toEqual([]);
});

test.each(['create', 'destroy', 'none', 'check', 'nonsense'])(
  'a get without params makes nothing, whatever version it is given: %s',
  async (action) => {
    await using emulator = await startEmulator(instant);
    const {get} = build(emulator);
    const version = {action, build: '41', at: '2026-01-01', name: 'a-b41-abcdefgh', id: '1'};

    const {code, stdout, files} = await get(version);

    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Answer).version).toEqual(version);
    expect(Object.keys(files).toSorted()).toEqual([
      'build_tag',
      'id',
      'ip',
      'name',
      'tag',
      'worker.json',
    ]);
    expect(files.name).toBe(action === 'create' ? 'a-b41-abcdefgh' : '');
    expect(emulator.digitalOcean.requests).toEqual([]);
  },
);

test('dont_destroy and action none do nothing', async () => {
  await using emulator = await startEmulator(instant);
  const {put, get} = build(emulator);

  const kept = answerOf(await put({dont_destroy: true, worker_name: 'a'}));
  const none = answerOf(await put({action: 'none'}));
  const got = await get({action: 'check', at: '1'}, {action: 'none', worker_name: 'a'});
  const gotToo = await get({action: 'check', at: '1'}, {dont_destroy: true, worker_name: 'a'});

  expect([kept.version.action, none.version.action]).toEqual(['none', 'none']);
  expect([got.code, gotToo.code]).toEqual([0, 0]);
  expect(kept.version.at).not.toBe(none.version.at);
  expect(emulator.digitalOcean.requests).toEqual([]);
});

test('out run twice in a build adopts what is there, and its versions differ', async () => {
  await using emulator = await startEmulator(instant);
  const {put} = build(emulator);
  const parameters = {action: 'create', count: 2};

  const first = answerOf(await put(parameters));
  const second = answerOf(await put(parameters));

  expect(posts(emulator)).toBe(1);
  expect(second.version.name).toBe(first.version.name);
  expect(second.version).not.toEqual(first.version);
  expect(first.version.id!.split(',')).toHaveLength(2);
});

test('a build that is run again, and so gets the same version, has a worker of its own', async () => {
  await using emulator = await startEmulator(instant);
  const [first, again] = [build(emulator, {BUILD_ID: '7'}), build(emulator, {BUILD_ID: '8'})];
  const version = {action: 'destroy', build: '6', at: '2026-01-01T00:00:00.000Z'};
  const {files} = await first.get(version, {worker_name: 'a'});
  await first.put();

  const rerun = await again.get(version, {worker_name: 'a'});

  expect(files.name).toMatch(/^a-b7-/v);
  expect(rerun.files.name).toMatch(/^a-b8-/v);
  expect(dropletNames(emulator)).toEqual([rerun.files.name]);
});

test('an instance of a pipeline whose names are no labels has one, and is told who shares it', async () => {
  await using emulator = await startEmulator(instant);
  const {put} = build(emulator, {
    BUILD_PIPELINE_NAME: 'Größe_(α)',
    BUILD_JOB_NAME: 'unit tests, and a very long tail of words',
    BUILD_PIPELINE_INSTANCE_VARS: '{"branch":"feature/x"}',
  });

  const created = await put({action: 'create'});
  const destroyed = answerOf(await put());

  const {tag, name} = answerOf(created).version;
  expect(tag).toBe('ci-worker-gro-e-unit-tests-and-a-very-lo');
  expect(created.stderr).toContain(`All instances of this pipeline share the tag ${tag}`);
  expect(destroyed.metadata).toContainEqual({name: 'worker', value: name});
  expect(dropletNames(emulator)).toEqual([]);
});

test.each([['create'], ['destroy']])(
  'outside a build it says all that is missing, and asks nobody: %s',
  async (action) => {
    await using emulator = await startEmulator(instant);
    const {put} = build(emulator, {BUILD_ID: '', BUILD_JOB_NAME: '', ATC_EXTERNAL_URL: ''});

    const {code, stdout, stderr} = await put({action});

    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const missing of ['BUILD_ID', 'worker_name', 'ATC_EXTERNAL_URL']) {
      expect(stderr).toContain(missing);
    }

    expect(emulator.digitalOcean.requests).toEqual([]);
  },
);

test.each(['in', 'out'] as const)(
  '%s without its directory says so, and does not take the request for it',
  async (script) => {
    const {code, stdout, stderr} = await startScript(script, {source: {}}).done;

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/Missing 1 required arg: directory/v);
  },
);

test('two builds at the same time have workers of their own, and each destroys its own', async () => {
  await using emulator = await startEmulator(instant);
  const [one, two] = [build(emulator, {BUILD_ID: '7'}), build(emulator, {BUILD_ID: '8'})];
  await Promise.all([one.put({action: 'create'}), two.put({action: 'create'})]);
  const before = dropletNames(emulator).toSorted();

  const destroyed = answerOf(await one.put({action: 'destroy'}));

  expect(before).toEqual([
    expect.stringMatching(/^ci-worker-shop-unit-b7-/v),
    expect.stringMatching(/^ci-worker-shop-unit-b8-/v),
  ]);
  expect(destroyed.metadata).toContainEqual({name: 'worker', value: before[0]});
  expect(dropletNames(emulator)).toEqual([before[1]]);
});
