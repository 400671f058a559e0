import {spawnSync} from 'node:child_process';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {load} from 'js-yaml';
import {renderConcourse} from './rendered.js';
import {renderTaskcluster} from './rendered-taskcluster.js';

type CloudConfig = {write_files: Array<{path: string; permissions?: string; content: string}>};

type Render = () => Promise<string>;

const caCert = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----`;

const variants: Array<[string, Render]> = [
  ['Concourse, containerd', async () => renderConcourse()],
  [
    'Concourse, Guardian, SSH, no team',
    async () => renderConcourse({containerd: false, ssh: true, team: undefined}),
  ],
  ['Taskcluster, generic-worker', async () => renderTaskcluster()],
  [
    'Taskcluster, docker-worker, SSH',
    async () =>
      renderTaskcluster({genericWorker: undefined, dockerWorker: '/opt/docker-worker', ssh: true}),
  ],
  ['Taskcluster, own authorities', async () => renderTaskcluster({caCerts: [caCert, caCert]})],
];

/** A judge is asked where its probe works; else the title says what is missing. */
function judge(tool: string, probe: string, verdict: (render: Render) => Promise<void>) {
  const isThere = spawnSync('sh', ['-c', probe]).status === 0;
  for (const [variant, render] of variants) {
    const title = `${tool} finds no fault (${variant})`;
    if (isThere) {
      test(title, async () => verdict(render));
    } else {
      test.skip(`${title}: skipped, "${probe}" does not work here`, () => undefined);
    }
  }
}

async function filesOf(render: Render) {
  return (load(await render()) as CloudConfig).write_files;
}

function ask(command: string, given: string[], input = '') {
  const {status, stdout, stderr} = spawnSync(command, given, {input, encoding: 'utf8'});
  return {status, said: stdout + stderr};
}

judge('cloud-init', 'cloud-init --version', async (render) => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, 'user-data');
  await writeFile(file, await render());

  const {status, said} = ask('cloud-init', ['schema', '--config-file', file]);

  expect({status, said}).toEqual({
    status: 0,
    said: expect.stringMatching(/^Valid cloud-config[^\n]*\n$/v),
  });
});

judge('nft', 'unshare --net nft --version', async (render) => {
  const files = await filesOf(render);
  const rules = files.find((file) => file.path.endsWith('.nft'))!.content;

  // A name space of its own, so that no right over this machine's tables is needed but root's.
  expect(ask('unshare', ['--net', 'nft', '--check', '--file', '-'], rules)).toEqual({
    status: 0,
    said: '',
  });
});

judge('shellcheck', 'shellcheck --version', async (render) => {
  const files = await filesOf(render);
  const scripts = files.filter(({content}) => content.startsWith('#!'));
  expect(scripts.length).toBeGreaterThanOrEqual(2);

  for (const {content} of scripts) {
    expect(ask('shellcheck', ['-'], content)).toEqual({status: 0, said: ''});
  }
});

judge('systemd-analyze', 'systemd-analyze --version', async (render) => {
  await using folder = await temporaryFolder();
  const programs = [
    '/bin/sh',
    '/usr/bin/systemctl',
    '/usr/sbin/nft',
    '/usr/local/concourse/bin/concourse',
    '/usr/local/start-worker/bin/start-worker',
  ].map((program) => ({path: program, permissions: '0755', content: ''}));
  const needed = [
    'network-online.target',
    'timers.target',
    'sysinit.target',
    'basic.target',
    'shutdown.target',
    'network-pre.target',
    'local-fs.target',
  ].map((unit) => ({
    path: `/etc/systemd/system/${unit}`,
    permissions: '0644',
    content: '[Unit]\n',
  }));
  const files = await filesOf(render);
  for (const {path: name, permissions = '0644', content} of [...programs, ...needed, ...files]) {
    const file = path.join(folder.path, name);
    await mkdir(path.dirname(file), {recursive: true});
    await writeFile(file, content);
    await chmod(file, Number.parseInt(permissions, 8));
  }

  const units = files
    .map((file) => file.path)
    .filter((name) => name.startsWith('/etc/systemd/system/'));
  expect(units).toHaveLength(6);
  expect(ask('systemd-analyze', ['verify', '--man=no', `--root=${folder.path}`, ...units])).toEqual(
    {
      status: 0,
      said: '',
    },
  );
});

async function temporaryFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'judges-'));
  return {
    path: folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, {recursive: true});
    },
  };
}
