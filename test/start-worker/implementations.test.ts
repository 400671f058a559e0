import {readFile, stat, symlink, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {implementations, makeImplementation} from '../../src/start-worker/implementations.js';
import {Section} from '../../src/start-worker/section.js';
import type {State} from '../../src/start-worker/state.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';
import {makeState, startFolder} from './workers.js';

function make(name: string, fields: JsonObject, environment: NodeJS.ProcessEnv = {}) {
  const log = collectLog();
  const section = new Section('worker', {implementation: name, ...fields});
  return {log, implementation: makeImplementation(name, section, {log, environment, secondMs: 50})};
}

function configure(name: string, fields: JsonObject, state: State) {
  const {log, implementation} = make(name, fields);
  implementation.configure(state);
  return {log, implementation};
}

const docker = {path: '/docker-worker', configPath: '/dw.json'};
const generic = {path: '/generic-worker', configPath: '/gw.json'};
const metadata = {
  'public-hostname': 'ci-0.example.com',
  'public-ipv4': '192.0.2.1',
  'local-ipv4': '10.0.0.1',
  'instance-type': 's-2vcpu-2gb',
  'instance-id': '4711',
  'availability-zone': 'ams3-a',
  region: 'ams3',
};

test('knows three workers, and says which when it does not know one', () => {
  expect([...implementations.keys()]).toEqual(['docker-worker', 'generic-worker', 'dummy']);
  expect(() => make('taskcluster-worker', {})).toThrow(
    'unrecognized worker implementation taskcluster-worker',
  );
});

test('docker-worker gets its keys, which win over what is configured', () => {
  const state = makeState({
    providerMetadata: metadata,
    workerConfig: {capacity: 2, workerType: 'other', taskcluster: {rootUrl: 'kept'}},
    credentials: {clientId: 'c', accessToken: 'a', certificate: '{"v":1}'},
  });

  const {log} = configure('docker-worker', docker, state);

  expect(state.workerConfig).toEqual({
    capacity: 2,
    host: 'ci-0.example.com',
    publicIp: '192.0.2.1',
    privateIp: '10.0.0.1',
    workerNodeType: 's-2vcpu-2gb',
    instanceType: 's-2vcpu-2gb',
    instanceId: '4711',
    region: 'ams3',
    workerLocation: '{"cloud":"digitalocean","region":"ams3"}',
    rootUrl: 'https://tc.example.com',
    taskcluster: {rootUrl: 'kept', clientId: 'c', accessToken: 'a', certificate: '{"v":1}'},
    workerId: 'ci-0',
    workerGroup: 'ams3',
    provisionerId: 'proj-example',
    workerType: 'ci',
  });
  expect(log.lines).toEqual([]);
});

test('generic-worker gets its keys, and the metadata with what it has of its own', () => {
  const state = makeState({
    providerMetadata: metadata,
    workerConfig: {workerTypeMetadata: {image: 'built', region: 'none'}},
    credentials: {clientId: 'c', accessToken: 'a', certificate: '{"v":1}'},
  });

  configure('generic-worker', generic, state);

  expect(state.workerConfig).toEqual({
    publicIP: '192.0.2.1',
    privateIP: '10.0.0.1',
    instanceType: 's-2vcpu-2gb',
    instanceID: '4711',
    region: 'ams3',
    availabilityZone: 'ams3-a',
    workerLocation: '{"cloud":"digitalocean","region":"ams3"}',
    workerTypeMetadata: {image: 'built', ...metadata},
    rootURL: 'https://tc.example.com',
    clientId: 'c',
    accessToken: 'a',
    certificate: '{"v":1}',
    provisionerId: 'proj-example',
    workerType: 'ci',
    workerGroup: 'ams3',
    workerId: 'ci-0',
  });
});

test.each(['docker-worker', 'generic-worker'])(
  '%s is configured again with renewed credentials to the same effect',
  (name) => {
    const fields = {path: '/w', configPath: '/c'};
    const state = makeState({providerMetadata: {...metadata, tags: ['a', 'b']}});
    configure(name, fields, state);
    const again = structuredClone(state);
    again.credentials = {clientId: 'c2', accessToken: 'a2'};

    configure(name, fields, again);

    const text = JSON.stringify(state.workerConfig)
      .replace('worker/ci-0', 'c2')
      .replace('no-secret-token', 'a2');
    expect(again.workerConfig).toEqual(JSON.parse(text));
  },
);

test.each([
  ['docker-worker', {taskcluster: {certificate: '{"old":1}', kept: true}}],
  ['generic-worker', {certificate: '{"old":1}', kept: true}],
])('%s keeps no certificate that its credentials do not have', (name, workerConfig: JsonObject) => {
  const state = makeState({workerConfig});

  configure(name, {path: '/w', configPath: '/c'}, state);

  const text = JSON.stringify(state.workerConfig);
  expect(text).not.toContain('certificate');
  expect(text).toContain('"kept":true');
  expect(text).toContain('no-secret-token');
});

test('metadata that is not there is logged, and a certificate that is not there left out', () => {
  const state = makeState({providerMetadata: {region: 'ams3'}});

  const {log} = configure('generic-worker', generic, state);

  expect(state.workerConfig).not.toHaveProperty('certificate');
  expect(state.workerConfig).not.toHaveProperty('publicIP');
  expect(log.lines).toEqual([
    'provider metadata public-ipv4 not available; not setting config publicIP',
    'provider metadata local-ipv4 not available; not setting config privateIP',
    'provider metadata instance-type not available; not setting config instanceType',
    'provider metadata instance-id not available; not setting config instanceID',
    'provider metadata availability-zone not available; not setting config availabilityZone',
  ]);
});

test('a pool is split at its first slash, and has one', () => {
  const state = makeState({workerPoolId: 'a/b/c'});
  configure('docker-worker', docker, state);

  expect(state.workerConfig).toMatchObject({provisionerId: 'a', workerType: 'b/c'});
  expect(() => configure('docker-worker', docker, makeState({workerPoolId: 'ci'}))).toThrow(
    'workerPoolID "ci" does not contain a slash',
  );
});

test.each([
  ['docker-worker', {configPath: '/c'}, 'configuration value `worker.path` not found'],
  ['docker-worker', {path: '/p'}, 'configuration value `worker.configPath` not found'],
  ['generic-worker', {path: '/p'}, 'configuration value `worker.configPath` not found'],
  [
    'generic-worker',
    {configPath: '/c'},
    'specify exactly one of worker.path and worker.windowsService',
  ],
  [
    'generic-worker',
    {configPath: '/c', path: '/p', service: 's'},
    'specify exactly one of worker.path and worker.windowsService',
  ],
  [
    'generic-worker',
    {configPath: '/c', service: 's'},
    'worker.service is only supported on Windows',
  ],
])('%s with %j is refused before anything happens', (name, fields: JsonObject, message) => {
  expect(() => make(name, fields)).toThrow(message);
});

test.each([
  [undefined, 'worker-runner'],
  ['taskcluster-worker-runner', 'taskcluster-worker-runner'],
])('an old docker-worker is run with node and --host %s', async (host, expected) => {
  await using folder = await startFolder();
  const script = await folder.script('src/bin/worker.js');
  const {configPath} = folder;
  const {implementation} = make(
    'docker-worker',
    {path: folder.folder, configPath, ...(host !== undefined && {host})},
    folder.environment({ignoresStdin: true}),
  );
  const state = makeState();
  implementation.configure(state);

  const worker = await implementation.start(state);
  worker.transport!.output.resume();
  await worker.wait();

  const [first] = await folder.recorded();
  expect(first?.start).toMatchObject({
    argv: [script, '--host', expected, 'production'],
    config: configPath,
    path: folder.environment().PATH!,
  });
});

test('a docker-worker with an executable is run by it', async () => {
  await using folder = await startFolder();
  await folder.script('src/bin/worker.js');
  await folder.executable('bin/docker-worker');
  const {configPath} = folder;
  const {implementation} = make(
    'docker-worker',
    {path: folder.folder, configPath},
    folder.environment({ignoresStdin: true}),
  );

  const worker = await implementation.start(makeState());
  worker.transport!.output.resume();
  await worker.wait();

  const [first] = await folder.recorded();
  expect(first?.start?.argv.slice(1)).toEqual(['--host', 'worker-runner', 'production']);
});

test('generic-worker is run with its configuration, for the eyes of this user only', async () => {
  await using folder = await startFolder();
  const {configPath} = folder;
  const elsewhere = path.join(folder.folder, 'elsewhere');
  await writeFile(elsewhere, 'untouched', {mode: 0o666});
  await symlink(elsewhere, configPath);
  const {implementation} = make(
    'generic-worker',
    {path: await folder.executable('generic-worker'), configPath},
    folder.environment({ignoresStdin: true}),
  );

  const worker = await implementation.start(makeState({workerConfig: {a: {b: 1}}}));
  worker.transport!.output.resume();
  await worker.wait();

  const [first] = await folder.recorded();
  expect(first?.start?.argv.slice(1)).toEqual([
    'run',
    '--config',
    configPath,
    '--with-worker-runner',
  ]);
  expect(await readFile(configPath, 'utf8')).toBe('{\n  "a": {\n    "b": 1\n  }\n}');
  expect((await stat(configPath)).mode).toBe(0o10_0600);
  expect(await readFile(elsewhere, 'utf8')).toBe('untouched');
});

test('a configuration that cannot be written is an error that shows none of it', async () => {
  await using folder = await startFolder();
  const configPath = path.join(folder.folder, 'no-such-folder/c.json');
  const {implementation} = make('generic-worker', {path: '/bin/true', configPath});

  const starting = implementation.start(makeState({workerConfig: {token: 'hush'}}));

  await expect(starting).rejects.toThrow(
    `could not write worker config file ${configPath}: no such file`,
  );
});

test('dummy shows the state without its secrets, and has ended', async () => {
  const {log, implementation} = make('dummy', {});
  const state = makeState({
    providerMetadata: {region: 'ams3', user_data: 'hush15'},
    workerConfig: {
      capacity: 2,
      statelessPassword: 'hush1',
      nested: [{accessToken: 'hush2', sshKey: 'hush3', kept: 'shown'}],
      pem: '-----BEGIN PRIVATE KEY-----hush4',
      dsn: 'https://me:hush9@example.com',
      sshKeys: ['hush10'],
      passwd: 'hush11',
      cookie: 'hush12',
      env: ['API_TOKEN=hush13', 'LANG=shown, too'],
      elsewhere: ['hush14', 'public'],
      pin: 483_920,
      isOpen: true,
      service: {port: 8443, user: 'hush14', none: null, kept: 7},
      list: [1, {shared: 2}, {pin: 555}, 'hush16', 777],
    },
    secretConfig: {
      pin: 483_920,
      isOpen: true,
      service: {port: 8443, user: 'hush14', none: null},
      list: [{pin: 555}, 'hush16', 777],
    },
    credentials: {clientId: 'c', accessToken: 'hush5', certificate: 'hush6'},
    registrationSecret: 'hush7',
    files: [
      {description: 'a file', path: '/f', content: 'hush8', encoding: 'base64', format: 'file'},
    ],
  });

  implementation.configure(state);
  const worker = await implementation.start(state);
  await worker.wait();

  const text = log.lines.join('\n');
  expect(worker.transport).toBeUndefined();
  expect(log.lines[0]).toBe('State information:');
  expect(text).toContain('workerPoolId: proj-example/ci');
  expect(text).toContain('capacity: 2');
  expect(text).toContain('kept: shown');
  expect(text).toContain('LANG=shown, too');
  expect(text).toContain('- public');
  expect(text).toContain('isOpen: (hidden)');
  expect(text).toContain('none: (hidden)');
  expect(text).toContain('kept: 7');
  expect(text).toContain('shared: 2');
  expect(text).not.toMatch(/483920|8443|555|777/v);
  expect(text).toContain('path: /f');
  expect(text).not.toContain('hush');
});

test('dummy shows no value of a cached configuration, in which secrets are not known as such', async () => {
  const {log, implementation} = make('dummy', {});

  await implementation.start(
    makeState({
      workerConfig: {pin: 483_920, isOpen: true, list: [{pin: 555}], place: 'hush'},
      secretConfig: undefined,
    }),
  );

  const text = log.lines.join('\n');
  expect(text).toContain('isOpen: (hidden)');
  expect(text).not.toMatch(/483920|555|true|hush/v);
});
