import {expect, test} from '@jest/globals';
import {load} from 'js-yaml';
import {renderTaskcluster, type GivenTaskcluster} from './rendered-taskcluster.js';

type CloudConfig = {
  write_files: Array<{path: string; permissions?: string; content: string}>;
  runcmd: string[];
};

async function configOf(given: GivenTaskcluster = {}): Promise<CloudConfig> {
  return load(await renderTaskcluster(given)) as CloudConfig;
}

async function fileIn(path: string, given: GivenTaskcluster = {}) {
  const {write_files: files} = await configOf(given);
  return files.find((file) => file.path === path)!;
}

const runnerPath = '/etc/start-worker/runner.yml';

test('the runner configuration is what start-worker reads, for root alone', async () => {
  const {permissions, content} = await fileIn(runnerPath);

  expect(permissions).toBe('0600');
  expect(load(content)).toEqual({
    provider: {
      providerType: 'digitalocean',
      rootURL: 'https://tc.example.com',
      providerID: 'static',
      workerPoolID: 'proj/linux',
      workerGroup: 'ams3',
      workerID: 'build-r1-abcdefgh',
      staticSecret: 'S'.repeat(44),
      instanceType: 's-2vcpu-2gb',
      metadataFile: '/run/start-worker/metadata.json',
      workerLocation: {cloud: 'digitalocean', region: 'ams3'},
    },
    worker: {
      implementation: 'generic-worker',
      path: '/usr/local/bin/generic-worker',
      configPath: '/etc/generic-worker/config.json',
    },
    workerConfig: {
      headlessTasks: true,
      shutdownMachineOnIdle: true,
      ed25519SigningKeyLocation: '/etc/generic-worker/ed25519_key',
      livelogExecutable: '/usr/local/bin/livelog',
      taskclusterProxyExecutable: '/usr/local/bin/taskcluster-proxy',
      cachesDir: '/var/lib/generic-worker/caches',
      downloadsDir: '/var/lib/generic-worker/downloads',
    },
  });
});

test('the secret is in the runner configuration and nowhere else', async () => {
  const secret = '0'.repeat(44);
  const {write_files: files, runcmd} = await configOf({staticSecret: secret});

  expect(files.filter(({content}) => content.includes(secret)).map(({path}) => path)).toEqual([
    runnerPath,
  ]);
  expect(runcmd.join('\n')).not.toContain(secret);
});

test('a docker-worker of the image takes the place of generic-worker', async () => {
  const given = {genericWorker: undefined, dockerWorker: '/opt/docker-worker'};

  const {content} = await fileIn(runnerPath, given);
  const bootstrap = await fileIn('/usr/local/sbin/do-worker-bootstrap', given);
  const variables = await fileIn('/etc/do-worker/bootstrap.env', given);

  expect(load(content)).toMatchObject({
    worker: {implementation: 'docker-worker', path: '/opt/docker-worker'},
  });
  expect(content).not.toContain('workerConfig');
  expect(bootstrap.content).not.toContain('attempts install_program');
  expect(variables.content).not.toContain('GENERIC_WORKER');
});

test('the droplet, and the Node of start-worker, trust the authorities that are given', async () => {
  const caCerts = ['-----BEGIN CERTIFICATE-----\nAA+/=\n-----END CERTIFICATE-----', 'another'];
  const path = '/etc/systemd/system/taskcluster-worker.service';
  const bundle = 'Environment=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\n';

  expect(await configOf({caCerts})).toMatchObject({ca_certs: {trusted: caCerts}});
  expect((await fileIn(path, {caCerts})).content).toContain(bundle);
  expect(await configOf()).not.toHaveProperty('ca_certs');
  expect((await fileIn(path)).content).not.toContain('Environment=');
});

test('hostile values stay values', async () => {
  const hostile = 'a"b\\c\n- d: {{e}} $(id) \u{1F600}';

  const {content} = await fileIn(runnerPath, {rootUrl: hostile, workerPoolId: hostile});

  expect(load(content)).toMatchObject({provider: {rootURL: hostile, workerPoolID: hostile}});
});

test('nobody reaches the metadata service, in which the secret lies, once the worker runs', async () => {
  const firewall = await fileIn('/etc/do-worker/firewall.nft');
  const bootstrap = await fileIn('/usr/local/sbin/do-worker-bootstrap');
  const worker = await fileIn('/etc/systemd/system/taskcluster-worker.service');

  expect(firewall.content).toMatch(
    /hook output[^\}]+ip daddr 169\.254\.0\.0\/16 meta skuid != 0 drop/v,
  );
  expect(firewall.content).toMatch(/hook forward[^\}]+ip daddr 169\.254\.0\.0\/16 drop/v);
  expect(bootstrap.content).toMatch(
    /\nadd rule inet do_worker sealed ip daddr 169\.254\.0\.0\/16 drop\nEND\n$/v,
  );
  expect(worker.content).toContain("ExecStartPre=/bin/sh -c 'nft list chain inet do_worker sealed");
});

test('fits into 16 KiB', async () => {
  expect(Buffer.byteLength(await renderTaskcluster())).toBeLessThan(16_384);
});
