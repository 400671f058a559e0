import {expect, test} from '@jest/globals';
import {load} from 'js-yaml';
import {renderConcourse} from './rendered.js';

type File = {path: string; permissions?: string; content: string};
type CloudConfig = {write_files: File[]; runcmd: string[]};

type Given = Parameters<typeof renderConcourse>[0];

async function configOf(given: Given = {}): Promise<CloudConfig> {
  return load(await renderConcourse(given)) as CloudConfig;
}

async function fileOf(name: string, given: Given = {}): Promise<string> {
  const {write_files: files} = await configOf(given);
  return files.find(({path}) => path === name)!.content;
}

const settingsOf = async (given: Given = {}) => fileOf('/etc/do-worker/worker.env', given);
const bootstrapOf = async (given: Given = {}) => fileOf('/etc/do-worker/bootstrap.env', given);
const rulesOf = async (given: Given = {}) => fileOf('/etc/do-worker/firewall.nft', given);

test('the user-data is at most 16 KiB with 4096-bit keys', async () => {
  const userData = await renderConcourse();

  expect(userData.length).toBeLessThanOrEqual(16_384);
});

test('the worker has its tags, its team and no name of its own', async () => {
  const settings = await settingsOf({tags: ['build', 'Arm'], team: 'main'});

  expect(settings).toMatch(/^CONCOURSE_TAG="build,Arm"$/mv);
  expect(settings).toMatch(/^CONCOURSE_TEAM="main"$/mv);
  expect(settings).not.toMatch(/CONCOURSE_NAME/v);
});

test('a worker without a team sets none', async () => {
  expect(await settingsOf({team: undefined})).not.toMatch(/TEAM/v);
});

test('a worker without a tag cannot be rendered', async () => {
  await expect(renderConcourse({tags: []})).rejects.toThrow('needs items');
});

test('no setting of one runtime meets the other', async () => {
  const containerd = await settingsOf({containerd: true});
  const guardian = await settingsOf({containerd: false});

  expect(containerd).toMatch(/^CONCOURSE_RUNTIME=containerd$/mv);
  expect(containerd).not.toMatch(/GARDEN/v);
  expect(guardian).toMatch(/^CONCOURSE_GARDEN_DENY_NETWORK=169\.254\.169\.254\/32$/mv);
  expect(guardian).not.toMatch(/CONTAINERD|RUNTIME/v);
  expect(await bootstrapOf({containerd: false})).toMatch(
    /^DNS_SETTING=CONCOURSE_GARDEN_DNS_SERVER$/mv,
  );
});

test('the SSH port is open only when a key was given', async () => {
  expect(await rulesOf({ssh: true})).toMatch(/^ +tcp dport 22 accept$/mv);
  expect(await rulesOf({ssh: false})).not.toMatch(/dport/v);
});

test('the release comes from the download URL', async () => {
  const settings = await bootstrapOf({
    downloadUrl: 'https://mirror.example/c',
    concourseVersion: '7.9.1',
  });

  expect(settings).toMatch(
    /^RELEASE_VERSION="7\.9\.1"\nRELEASE_URL="https:\/\/mirror\.example\/c\/v7\.9\.1\/concourse-7\.9\.1-linux-amd64\.tgz"\n/v,
  );
});

test('only the key file holds the key, and only root reads it', async () => {
  const {write_files: files} = await configOf({workerKey: 'hunter2\n'});

  const holders = files.filter(({content}) => content.includes('hunter2'));
  expect(holders).toEqual([
    {path: '/etc/do-worker/worker_key', permissions: '0600', content: 'hunter2\n'},
  ]);
  const settings = files.filter(({path}) => path.endsWith('.env'));
  expect(settings.map(({permissions}) => permissions)).toEqual(['0600', '0600']);
});

test('the ttl is armed before anything else', async () => {
  const {runcmd} = await configOf();
  const timer = await fileOf('/etc/systemd/system/do-worker-expire.timer', {ttlSeconds: 4711});

  expect(runcmd[0]).toMatch(/enable --now do-worker-expire\.timer \|\| systemctl poweroff$/v);
  expect(timer).toMatch(/^OnBootSec=4711s$/mv);
});

test('a stop gives builds half a minute, and the worker the time to unregister', async () => {
  const unit = await fileOf('/etc/systemd/system/concourse-worker.service');

  expect(unit).toMatch(/^ExecStop=\/usr\/local\/sbin\/do-worker-retire 30$/mv);
  expect(unit).toMatch(/^TimeoutStopSec=90$/mv);
  expect(unit).toMatch(/^KillMode=mixed$/mv);
  expect(unit).toMatch(/^Delegate=yes$/mv);
});
