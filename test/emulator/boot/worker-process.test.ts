import {generateKeyPairSync} from 'node:crypto';
import {expect, test} from '@jest/globals';
import {readCloudConfig} from '../../../src/emulator/boot/cloud-config.js';
import {workerProcessIn} from '../../../src/emulator/boot/worker-process.js';
import {createClock} from '../../../src/emulator/clock.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {type Parts, userData} from './droplet.js';

async function processOf(parts: Parts = {}, change = (text: string) => text) {
  await using emulator = await startConcourse({clock: createClock()});
  return workerProcessIn(readCloudConfig(change(userData(emulator, parts)), 'host-1'));
}

const rsa = generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey;
const pkcs1 = rsa.export({type: 'pkcs1', format: 'pem'}).toString();
const pkcs8 = rsa.export({type: 'pkcs8', format: 'pem'}).toString();
const encrypted = rsa
  .export({type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x'})
  .toString();
const elliptic = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  .privateKey.export({type: 'pkcs8', format: 'pem'})
  .toString();

for (const [what, key] of [
  ['PKCS#1', pkcs1],
  ['PKCS#8', pkcs8],
  [
    'PKCS#1 under the header of PKCS#8, as concourse generate-key writes it',
    pkcs1.replaceAll(' RSA', ''),
  ],
] as const) {
  test(`a worker key may be ${what}`, async () => {
    const {privateKey} = await processOf({key});

    expect(privateKey).toBe(pkcs1);
  });
}

test('the name is the hostname unless the environment names it', async () => {
  const environment = {CONCOURSE_NAME: 'other'};

  expect((await processOf()).name).toBe('host-1');
  expect((await processOf({environment})).name).toBe('other');
  expect((await processOf({unit: ['Environment=CONCOURSE_NAME=%H-w']})).name).toBe('host-1-w');
});

test('several TSA hosts are allowed', async () => {
  const {tsaHosts} = await processOf({environment: {CONCOURSE_TSA_HOST: 'a:1,[::1]:2'}});

  expect(tsaHosts).toEqual([
    {host: 'a', port: 1},
    {host: '::1', port: 2},
  ]);
});

test('an environment file that need not exist may be missing', async () => {
  await expect(processOf({unit: ['EnvironmentFile=-/etc/none']})).resolves.toBeDefined();
});

test('the unit may be started by a script or through another unit', async () => {
  const pull = ['[Unit]', 'Wants=w.service'].join('\n');
  const target = JSON.stringify({path: '/etc/systemd/system/x.service', content: pull});
  const script = JSON.stringify({path: '/run.sh', content: 'systemctl enable --now w'});
  const addFile = (file: string) => (text: string) =>
    text.replace('"write_files":[', () => `"write_files":[${file},`);

  await expect(processOf({runcmd: ['systemctl start x']}, addFile(target))).resolves.toBeDefined();
  await expect(processOf({runcmd: ['/run.sh']}, addFile(script))).resolves.toBeDefined();
});

const env = (environment: Record<string, string | undefined>): Parts => ({environment});

for (const [what, parts, reason] of [
  ['nothing starts the unit', {runcmd: []}, 'nothing starts w.service'],
  ['it is only enabled', {runcmd: ['systemctl enable w']}, 'nothing starts w.service'],
  ['an environment file is missing', {unit: ['EnvironmentFile=/etc/none']}, 'needs /etc/none'],
  ['the host has no port', env({CONCOURSE_TSA_HOST: 'ci'}), 'not host:port'],
  ['there is no work dir', env({CONCOURSE_WORK_DIR: undefined}), 'CONCOURSE_WORK_DIR is required'],
  ['there is no host key', env({CONCOURSE_TSA_PUBLIC_KEY: undefined}), 'is required'],
  [
    'the host key file is missing',
    env({CONCOURSE_TSA_PUBLIC_KEY: '/x'}),
    '/x (CONCOURSE_TSA_PUBLIC_KEY)',
  ],
  [
    'the host key file holds none',
    env({CONCOURSE_TSA_PUBLIC_KEY: '/etc/worker/worker.env'}),
    'authorized_keys',
  ],
  [
    'the worker key file is missing',
    env({CONCOURSE_TSA_WORKER_PRIVATE_KEY: '/x'}),
    'is not written',
  ],
  ['the tag is empty', env({CONCOURSE_TAG: ''}), 'CONCOURSE_TAG is set to an empty string'],
  ['the team is empty', env({CONCOURSE_TEAM: ''}), 'CONCOURSE_TEAM is set to an empty string'],
  ['ephemeral is odd', env({CONCOURSE_EPHEMERAL: 'maybe'}), 'neither true nor false'],
  [
    'guardian settings meet containerd',
    env({CONCOURSE_GARDEN_DENY_NETWORK: 'x'}),
    'CONCOURSE_GARDEN_DENY_NETWORK',
  ],
  [
    'containerd settings meet guardian',
    {release: '7.9.1', ...env({CONCOURSE_CONTAINERD_DNS_SERVER: 'x'})},
    'runtime is guardian',
  ],
  ['the key may be read by others', {keyMode: '0640'}, 'may be read by others'],
  [
    'the key is in OpenSSH format',
    {key: pkcs1.replaceAll('RSA', 'OPENSSH')},
    'asn1: structure error',
  ],
  ['the key is encrypted', {key: encrypted}, 'is encrypted'],
  ['the key is not RSA', {key: elliptic}, 'is not an RSA key'],
  ['the key is not PEM', {key: 's3cret'}, 'is not a PEM file'],
  ['the release is unknown', {release: 'latest'}, 'not a Concourse version'],
] as const) {
  test(`a bootstrap fails in one line when ${what}`, async () => {
    const failure = processOf(parts as Parts);

    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.toThrow(/^[^\n]+$/v);
    await expect(failure).rejects.not.toThrow(/s3cret|PRIVATE KEY--/v);
  });
}

test('user-data without a unit for the worker is refused', async () => {
  await expect(processOf({}, (text) => text.replace('concourse worker', 'true'))).rejects.toThrow(
    'no unit in /etc/systemd/system runs "concourse worker"',
  );
});
