import {generateKeyPairSync} from 'node:crypto';
import {mkdtemp, readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {buildEnvironment, newDirectory, sourceFor} from '../support/resource.js';
import {environmentOf, run, startScript, type Ran} from '../support/run.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';

const canary = 'CANARY5d1f';
const token = `dop_v1_${canary}token`;
const password = `${canary}password`;

type Planted = {environment: Record<string, string>; secrets: string[]};

/** Secrets in every input that takes one. */
async function plant(emulator: Emulator): Promise<Planted> {
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-secrets-'));
  const {privateKey} = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
    publicKeyEncoding: {type: 'spki', format: 'pem'},
  });
  const dropletKey = path.join(folder, 'droplet_key');
  await writeFile(dropletKey, privateKey);
  const environment = {
    ...(await environmentOf(emulator)),
    DO_WORKER_DROPLET_KEY: dropletKey,
    DO_WORKER_VAR: `secret=${canary}variable`,
  };
  const lines = [emulator.concourse.workerKey, privateKey]
    .flatMap((pem) => pem.split('\n'))
    .filter((line) => line.length > 30 && !line.includes('-----'));
  return {environment, secrets: [canary, ...lines]};
}

function expectSilence(rans: Ran[], secrets: string[]): void {
  for (const {stdout, stderr} of rans) {
    const output = stdout + stderr;
    expect(secrets.filter((secret) => output.includes(secret))).toEqual([]);
  }
}

const instant = {createMs: 10, bootMs: 10, token, password};

test('no output of any command holds a secret, in text or JSON, when all goes well', async () => {
  await using emulator = await startEmulator(instant);
  const {environment, secrets} = await plant(emulator);

  const rans: Ran[] = [];
  for (const format of [[], ['--json']]) {
    rans.push(
      await run(['create', 'build-arm', '--dry-run', ...format], environment),
      await run(['create', 'build-arm', ...format], environment),
      await run(['list', ...format], environment),
      await run(['render', 'build-arm', ...format], environment),
      await run(['destroy', 'build-arm', '--dry-run', ...format], environment),
      await run(['destroy', 'build-arm', ...format], environment),
    );
  }

  expect(rans.map(({code}) => code)).toEqual(rans.map(() => 0));
  expectSilence(rans, secrets);
  const tags = emulator.digitalOcean.tags().map(({name}) => name);
  expect(tags.join(' ')).not.toContain(canary.toLowerCase());
}, 60_000);

test('no output of any command holds a secret when everything fails', async () => {
  await using emulator = await startEmulator(instant);
  const {environment, secrets} = await plant(emulator);
  emulator.digitalOcean.faults.push({method: '*', path: '/v2', kind: 'status', status: 403});
  const garbled = path.join(await mkdtemp(path.join(tmpdir(), 'do-worker-secrets-')), 'key');
  await writeFile(
    garbled,
    `-----BEGIN RSA PRIVATE KEY-----\n${canary}${canary}${canary}\n-----END RSA PRIVATE KEY-----\n`,
  );

  const rans: Ran[] = [];
  for (const changes of [
    {},
    {DIGITALOCEAN_ACCESS_TOKEN: `${token}\nx`, DO_WORKER_VAR: canary},
    {DIGITALOCEAN_ACCESS_TOKEN: `${token}wrong`, DO_WORKER_CONCOURSE_PASSWORD: `${password}wrong`},
    {
      DO_WORKER_WORKER_KEY: garbled,
      DO_WORKER_TSA_PUBLIC_KEY: garbled,
      DO_WORKER_DROPLET_KEY: garbled,
      DO_WORKER_VAR: `bad-key=${canary}`,
    },
    {DO_WORKER_CONCOURSE_URL: `http://user:${canary}@127.0.0.1:9/`},
    // Secrets where the names of their files belong.
    {DO_WORKER_WORKER_KEY: emulator.concourse.workerKey, DO_WORKER_DROPLET_KEY: canary},
    {DIGITALOCEAN_ACCESS_TOKEN: '', DIGITALOCEAN_ACCESS_TOKEN_FILE: token},
    {DO_WORKER_CONCOURSE_PASSWORD: '', DO_WORKER_CONCOURSE_PASSWORD_FILE: password},
  ]) {
    const commands = [
      ['create', 'build-arm'],
      ['list', '--json'],
      ['destroy', 'build-arm', '--json'],
      ['render', 'build-arm', '--json'],
    ];
    rans.push(
      ...(await Promise.all(
        commands.map(async (command) => run(command, {...environment, ...changes})),
      )),
    );
  }

  expect(rans.filter(({code}) => code !== 0).length).toBeGreaterThan(12);
  expectSilence(rans, secrets);
}, 120_000);

test("no output of the resource's scripts holds a secret, when all goes well and when it does not", async () => {
  // Too old for lists to lag behind: the scripts run in real time.
  await using emulator = await startEmulator({...instant, dateSkewSeconds: 60});
  const {environment, secrets} = await plant(emulator);
  const dropletKey = await readFile(environment.DO_WORKER_DROPLET_KEY!, 'utf8');
  const planted = {droplet_key: dropletKey, vars: {secret: `${canary}variable`}};
  const step = async (script: 'in' | 'out', changes: object, parameters: object) =>
    startScript(
      script,
      {
        source: sourceFor(emulator, {...planted, ...changes}),
        params: parameters,
        version: {a: '1'},
      },
      {args: [await newDirectory()], environment: buildEnvironment(emulator)},
    ).done;

  const made = await step('in', {}, {worker_name: 'a'});
  const rans = [made, await step('out', {}, {worker_name: 'a'})];
  for (const changes of [
    {api_key: `${canary} with a space`},
    {api_key: canary, fly_password: canary},
    {ci_worker_key: canary, ci_tsa_pub_key: canary, droplet_key: canary},
    {ci_worker_key: {key: canary}, ssh_keys: [dropletKey], regoin: canary},
    {concourse_url: `http://user:${canary}@127.0.0.1:9/`},
    {digitalocean_url: `http://user:${canary}@127.0.0.1:9/`},
    {concourse_download_url: `http://user:${canary}@127.0.0.1:9/`},
    {template: '#cloud-config\na: {{workerKey}}\n b: {{vars.secret}}\n'},
  ]) {
    rans.push(await step('out', changes, {action: 'create'}));
  }

  expect(rans.map(({code}) => code === 0)).toEqual([true, true, ...rans.slice(2).map(() => false)]);
  expectSilence(rans, secrets);
}, 120_000);
