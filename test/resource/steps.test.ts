import {once} from 'node:events';
import {writeFile} from 'node:fs/promises';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {runIn} from '../../src/resource/in.js';
import {runOut} from '../../src/resource/out.js';
import {makeCertificate} from '../support/certificate.js';
import {startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {newDirectory, sourceFor} from '../support/resource.js';
import {edgeOn, names, put} from './run.js';

test('tries regions and sizes in their order', async () => {
  await using emulator = await startQuick({soldOut: ['s-2vcpu-2gb']});

  const {metadata} = await put(
    emulator,
    {action: 'create'},
    {source: {sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb'], regions: 'ams3,fra1', ttl: '1h'}},
  );

  expect(metadata).toContainEqual({name: 'size', value: 's-2vcpu-4gb'});
});

test('a template of the source boots the worker, with its vars', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create'}, {source: {vars: {colour: 'green'}}});
  const {userData} = emulator.digitalOcean.droplets()[0]!;
  const template = `#cloud-config\n# {{vars.colour}}\n${userData.slice('#cloud-config\n'.length)}`;

  await put(
    emulator,
    {action: 'create', worker_name: 'own'},
    {source: {template, vars: {colour: 'green'}}},
  ).catch(() => undefined);

  expect(emulator.digitalOcean.everyDroplet().at(-1)!.userData).toContain('# green');
});

test('a destroy without a name takes all workers of this build, whatever their names', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create', worker_name: 'special'});
  await put(emulator, {action: 'create'});
  await put(emulator, {action: 'create'}, {environment: {BUILD_ID: '43'}});

  const {metadata} = await put(emulator, {});

  expect(metadata.find(({name}) => name === 'worker')!.value).toMatch(/special-b42-/v);
  expect(names(emulator)).toEqual([expect.stringMatching(/^ci-worker-shop-unit-b43-/v)]);
});

test('a destroy by a wrong name says which workers of this build are still there', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create', worker_name: 'special'});

  const {progress} = await put(emulator, {worker_name: 'specail'});

  expect(progress.at(-1)).toMatch(
    /^This build's workers of other names, left to the steps that destroy those: special-b42-/v,
  );
});

test('a GPU droplet is destroyed though another build has an ordinary one of the name', async () => {
  await using emulator = await startQuick();
  const gpu = {sizes: 'gpu-h100x1-80gb', region: 'tor1'};
  await put(emulator, {action: 'create', worker_name: 'g'}, {source: gpu});
  await put(emulator, {action: 'create', worker_name: 'g'}, {environment: {BUILD_ID: '43'}});

  await put(emulator, {worker_name: 'g'});

  expect(names(emulator)).toEqual([expect.stringMatching(/^g-b43-/v)]);
});

test('the get after a put makes nothing, even with params that would', async () => {
  await using emulator = await startQuick();
  const {edge} = await edgeOn(emulator);
  const {version} = await put(emulator, {worker_name: 'a'});

  await runIn(
    JSON.stringify({source: sourceFor(emulator), version, params: {worker_name: 'a'}}),
    await newDirectory(),
    edge,
  );

  expect(names(emulator)).toEqual([]);
});

test('a get that cannot write its files makes no worker', async () => {
  await using emulator = await startQuick();
  const {edge} = await edgeOn(emulator);
  const file = path.join(await newDirectory(), 'file');
  await writeFile(file, '');

  const error = await failure(
    runIn(
      JSON.stringify({source: sourceFor(emulator), version: {at: '1'}, params: {worker_name: 'a'}}),
      file,
      edge,
    ),
  );

  expect(error.message).toMatch(/^The files in .* could not be written/v);
  expect(emulator.digitalOcean.requests).toEqual([]);
});

test.each([
  [{fly_password: 'wrong'}, /source\.fly_username and source\.fly_password/v],
  [{api_key: 'wrong'}, /source\.api_key/v],
  [{fly_username: '', fly_password: ''}, /fly_username and fly_password are missing/v],
])('names the fields that are wrong: %j', async (source, words) => {
  await using emulator = await startQuick();

  const {message, suggestions} = await failure(put(emulator, {action: 'create'}, {source}));

  expect([message, ...suggestions].join('\n')).toMatch(words);
  expect([message, ...suggestions].join('\n')).not.toMatch(/DO_WORKER|ACCESS_TOKEN/v);
});

test('nothing of another build, another cluster or another name is destroyed', async () => {
  await using emulator = await startQuick();
  const other = {BUILD_ID: '41'};
  const cluster = {ATC_EXTERNAL_URL: 'https://other.example.com'};
  await put(emulator, {action: 'create', worker_name: 'a'}, {environment: other});
  await put(
    emulator,
    {action: 'create', worker_name: 'a'},
    {environment: cluster, source: {concourse_url: emulator.concourse.url}},
  );
  await put(emulator, {action: 'create', worker_name: 'b'});

  const {metadata} = await put(emulator, {worker_name: 'a'});

  expect(metadata[0]).toEqual({name: 'status', value: 'nothing to destroy'});
  expect(names(emulator)).toHaveLength(3);
});

test('destroys while Concourse is down: the CI id comes from the build', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create'});
  emulator.concourse.addFault({method: '*', path: '*', kind: 'status', status: 502});

  const {metadata, progress} = await put(emulator, {});

  expect(metadata[0]).toEqual({name: 'status', value: 'destroyed'});
  expect(progress.join('\n')).toContain('still lists the workers');
  expect(names(emulator)).toEqual([]);
});

test('with drain it lets running builds end first', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create'});

  const {progress} = await put(emulator, {drain: '5m'});

  expect(progress).toContain('drain: Letting running builds end, for 300 s at most');
});

test('says that instances of a pipeline share a tag that nobody gave', async () => {
  await using emulator = await startQuick();
  const environment = {BUILD_PIPELINE_INSTANCE_VARS: '{"branch":"secret-branch"}'};

  const {progress, version} = await put(emulator, {action: 'create'}, {environment});

  expect(progress[0]).toContain(
    'All instances of this pipeline share the tag ci-worker-shop-unit, the default worker_name',
  );
  expect(version.name).toMatch(/^ci-worker-shop-unit-b42-/v);
  expect(JSON.stringify({progress, version})).not.toContain('secret-branch');
});

test('says that another job may have the default name, when that has lost its letters', async () => {
  await using emulator = await startQuick();
  const environment = {BUILD_PIPELINE_NAME: '日本', BUILD_JOB_NAME: '語'};

  const told = await put(emulator, {action: 'create'}, {environment});
  const given = await put(emulator, {action: 'create', worker_name: 'a'}, {environment});
  const whole = await put(emulator, {action: 'create'});

  expect(told.progress[0]).toMatch(/^The default worker_name ci-worker lacks .* another job/v);
  expect([...given.progress, ...whole.progress].join('\n')).not.toContain('default worker_name');
});

test('names every problem of request, build and keys in one error, before any request', async () => {
  await using emulator = await startQuick();
  const {edge} = await edgeOn(emulator, {BUILD_ID: '', BUILD_JOB_NAME: '', ATC_EXTERNAL_URL: ''});
  const source = sourceFor(emulator, {ci_worker_key: 'no key', regoin: 'x', digitalocean_url: 'x'});

  const error = await failure(
    runOut(JSON.stringify({source, params: {action: 'create', count: 0}}), edge),
  );

  expect(error.oclif.exit).toBe(2);
  for (const part of [
    'regoin',
    'BUILD_ID is not set',
    'worker_name is missing',
    'DigitalOcean URL',
    'ATC_EXTERNAL_URL is not set',
    'Count 0',
  ]) {
    expect(error.message).toContain(part);
  }

  expect(emulator.digitalOcean.requests).toEqual([]);
});

test('speaks of fields, not of flags, but leaves commands to type as they are', async () => {
  await using emulator = await startQuick({neverConnect: true});

  const error = await failure(
    put(emulator, {action: 'create'}, {source: {timeout: 120, ttl: 3600}}),
  );

  expect(error.message).toMatch(/phase: booting[\s\S]+Destroyed again: ci-worker-shop-unit-b42-/v);
  expect(error.suggestions[0]).toMatch(/^Give it more time: timeout 30m/v);
  expect(error.suggestions.join('\n')).not.toMatch(/(?<!do-worker [^\n]*)--[a-z]/v);
  expect(names(emulator)).toEqual([]);
});

test.each([
  [{concourse_url: 'ftp://ci'}, 'The Concourse URL is not an http or https URL (ftp://ci)'],
  [
    {concourse_url: 'http://me:word@ci'},
    'The Concourse URL has a user name or password in it: leave them out',
  ],
])('tells one problem of %j, and what a pipeline can do about it', async (source, problem) => {
  await using emulator = await startQuick();

  const {message} = await failure(put(emulator, {action: 'create'}, {source}));

  expect(message).toBe(problem);
});

test('names no file where a field takes the text', async () => {
  await using emulator = await startQuick({tsaWrongHostKey: true});

  const {suggestions} = await failure(put(emulator, {action: 'create'}));

  expect(suggestions).toContainEqual(expect.stringMatching(/KEY: ci_tsa_pub_key$/v));
});

test.each([
  ['alone', {}],
  ['with another problem', {droplet_size: 'nonsense'}],
])(
  'says which URL to give when the container cannot reach its Concourse: %s',
  async (_, source) => {
    await using emulator = await startQuick();
    const environment = {ATC_EXTERNAL_URL: 'http://127.0.0.1:9'};

    const error = await failure(put(emulator, {action: 'create'}, {environment, source}));

    expect(error.suggestions.join('\n')).toContain('source.concourse_url');
  },
);

test('a certificate that is refused asks for ca_cert, and for no other URL', async () => {
  await using emulator = await startQuick();
  await using server = createServer(makeCertificate()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  const environment = {ATC_EXTERNAL_URL: `https://127.0.0.1:${port}`};

  const {suggestions} = await failure(put(emulator, {action: 'create'}, {environment}));

  expect(suggestions).toEqual([
    'Give the certificate authority that signed its certificate: ca_cert',
  ]);
});

test('no secret of the source is in an answer, a file or what is told', async () => {
  await using emulator = await startQuick();
  const {edge, progress} = await edgeOn(emulator);
  const directory = await newDirectory();

  const answer = await runIn(
    JSON.stringify({
      source: sourceFor(emulator),
      version: {at: '1'},
      params: {worker_name: 'a', count: 2},
    }),
    directory,
    edge,
  );

  const {digitalOcean, concourse} = emulator;
  const told = JSON.stringify([answer, progress]);
  for (const secret of [digitalOcean.token, concourse.password, 'PRIVATE KEY']) {
    expect(told).not.toContain(secret);
  }

  expect(names(emulator)).toHaveLength(2);
});
