import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, readdir, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import {environmentOf, run, start} from '../support/run.js';
import {startEmulator} from '../../src/emulator/server.js';

type Json = Record<string, unknown>;

/** Droplets that start at once: the commands run in real time. */
const instant = {createMs: 10, bootMs: 10};

test('creates, lists and destroys from the command line, one JSON shape for all', async () => {
  await using emulator = await startEmulator(instant);
  const environment = await environmentOf(emulator);

  const created = await run(
    ['create', 'build-arm', '--run', 'b7', '--ttl', '2h', '--json'],
    environment,
  );
  const listed = await run(['list', '--json'], environment);
  const destroyed = await run(['destroy', 'build-arm', '--run', 'b7', '--json'], environment);

  expect([created.code, listed.code, destroyed.code]).toEqual([0, 0, 0]);
  const [worker] = (JSON.parse(created.stdout) as {workers: Json[]}).workers;
  const [row] = JSON.parse(listed.stdout) as Json[];
  const {workers, dryRun} = JSON.parse(destroyed.stdout) as {workers: Json[]; dryRun: boolean};
  const [gone] = workers;
  expect(worker).toMatchObject({
    workerName: 'build-arm',
    run: 'b7',
    ttlSeconds: 7200,
    workerState: 'running',
  });
  expect(Object.keys(row!)).toEqual(Object.keys(worker!));
  expect(Object.keys(gone!)).toEqual(Object.keys(worker!));
  expect(dryRun).toBe(false);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(emulator.concourse.workers()).toEqual([]);
});

test('prints the result on stdout and the phases, in plain lines, on stderr', async () => {
  await using emulator = await startEmulator(instant);

  const {stdout, stderr, code} = await run(['create', 'build-arm'], await environmentOf(emulator));

  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^NAME\s+RUN[^\n]+\nbuild-arm-\S+\s+\S+\s+\d+\s+ams3[^\n]+running\n\$0\.02679 an hour/v,
  );
  expect(stderr).toMatch(/plan[\s\S]+preflight[\s\S]+create[\s\S]+active[\s\S]+registered/v);
});

test('renders exactly what create sends, and hides the keys unless asked', async () => {
  await using emulator = await startEmulator(instant);
  const environment = await environmentOf(emulator);
  await run(['create', 'build-arm', '--tag', 'arm64,fast'], environment);

  const shown = await run(
    ['render', 'build-arm', '--tag', 'arm64', '--tag', 'fast', '--show-secrets'],
    environment,
  );
  const hidden = await run(['render', 'build-arm', '--tag', 'arm64,fast', '--json'], environment);

  const [droplet] = emulator.digitalOcean.droplets();
  expect(shown.stdout).toBe(droplet!.userData);
  expect(shown.stderr).toContain(`${droplet!.userData.length} bytes`);
  const {userData, bytes} = JSON.parse(hidden.stdout) as {userData: string; bytes: number};
  expect(bytes).toBe(droplet!.userData.length);
  expect(userData).toContain('‹redacted›');
  expect(userData).not.toContain('PRIVATE KEY');
});

test('renders without any request when the release is named', async () => {
  await using emulator = await startEmulator(instant);
  const environment = {
    ...(await environmentOf(emulator)),
    DO_WORKER_CONCOURSE_URL: 'http://127.0.0.1:9',
  };

  const {code, stdout} = await run(['render', 'x', '--concourse-version', '8.2.5'], environment);

  expect(code).toBe(0);
  expect(stdout).toContain('concourse-8.2.5-linux-amd64.tgz');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 1],
] as const)('%s while booting destroys what was made and exits with %i', async (signal, exit) => {
  await using emulator = await startEmulator({createMs: 10, bootMs: 600_000});
  const running = start(['create', 'build-arm', '--count', '2'], await environmentOf(emulator));
  while (emulator.digitalOcean.droplets().filter(({status}) => status === 'active').length < 2) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }

  running.child.kill(signal);
  const {code, stderr} = await running.done;

  expect(code).toBe(exit);
  expect(stderr).toContain(`Interrupted by ${signal}`);
  expect(stderr).toMatch(/phase: (?:active|booting)/v);
  expect(stderr).toMatch(/Destroyed again: build-arm-/v);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('wrong usage exits with 2, tells every problem, and sends nothing', async () => {
  await using emulator = await startEmulator(instant);
  const environment = await environmentOf(emulator);

  const {code, stderr} = await run(
    [
      'create',
      'build_arm',
      '--worker-key',
      '/nonexistent',
      '--vpc',
      'x',
      '--var',
      'secret-without-equals',
    ],
    {...environment, DO_WORKER_CONCOURSE_USERNAME: '', DO_WORKER_CONCOURSE_PASSWORD: ''},
  );

  expect(code).toBe(2);
  expect(stderr).toMatch(/5 problems/v);
  expect(stderr).toContain('No login for Concourse at');
  expect(stderr).toContain('--worker-key: cannot read /nonexistent (no such file)');
  expect(emulator.digitalOcean.requests).toEqual([]);
});

test.each([
  [['create']],
  [['create', 'x', '--count', 'many']],
  [['frobnicate']],
  [['create', 'x', '--ttl', 'soon']],
])('exits with 2 for %j', async (args) => {
  const {code} = await run(args);

  expect(code).toBe(2);
});

test('an error under --json is one object on stdout with code, message and suggestions', async () => {
  const {code, stdout} = await run(['list', '--json'], {
    DIGITALOCEAN_ACCESS_TOKEN: 'x',
    DO_WORKER_DIGITALOCEAN_URL: 'http://127.0.0.1:9',
  });

  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    error: {
      code: 'NO_ANSWER',
      message: expect.stringContaining('DigitalOcean at http://127.0.0.1:9 does not answer'),
      suggestions: [expect.any(String)],
    },
  });
});

test.each([
  {args: ['destory', 'x'], message: 'There is no command destory', suggestion: 'do-worker destroy'},
  {
    args: ['resource', 'bogus'],
    message: 'There is no command resource bogus',
    suggestion: '--help',
  },
  {args: ['create', 'x', '--image'], message: 'Flag --image expects a value', suggestion: '--help'},
])('wrong usage of oclif is told like any other: $message', async ({args, message, suggestion}) => {
  const {code, stdout, stderr} = await run([...args, '--json'], {});
  const plain = await run(args, {});

  expect([code, stderr]).toEqual([2, '']);
  expect(JSON.parse(stdout)).toEqual({
    error: {code: 'USAGE', message, suggestions: [expect.stringContaining(suggestion)]},
  });
  expect(plain.code).toBe(2);
  expect(plain.stderr).toMatch(new RegExp(`^Error: ${message}\n  → `, 'v'));
});

test('reads the token from a file', async () => {
  await using emulator = await startEmulator(instant);
  const {DIGITALOCEAN_ACCESS_TOKEN: token, ...environment} = await environmentOf(emulator);
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'do-worker-test-')), 'token');
  await writeFile(file, `${token}\n`);

  const {code} = await run(['list'], {...environment, DIGITALOCEAN_ACCESS_TOKEN_FILE: file});

  expect(code).toBe(0);
});

test('takes lists and durations from environment variables as from flags', async () => {
  await using emulator = await startEmulator({...instant, soldOut: ['s-2vcpu-2gb']});
  const environment = await environmentOf(emulator);

  const {code, stdout} = await run(['create', 'build-arm', '--json'], {
    ...environment,
    DO_WORKER_SIZE: 's-2vcpu-2gb,s-2vcpu-4gb',
    DO_WORKER_TTL: '90m',
    DO_WORKER_TAG: 'arm64,fast',
  });

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({workers: [{size: 's-2vcpu-4gb', ttlSeconds: 5400}]});
  expect(emulator.concourse.workers()[0]?.tags).toEqual(['build-arm', 'arm64', 'fast']);
});

test('a switch in the environment that says neither yes nor no is refused', async () => {
  const {code, stderr} = await run(['destroy', 'build-arm'], {
    DIGITALOCEAN_ACCESS_TOKEN: 'token',
    DO_WORKER_DRY_RUN: 'on',
  });

  expect(code).toBe(2);
  expect(stderr).toContain('DO_WORKER_DRY_RUN is neither true nor false');
});

test('works with a fly login, and says so when it has expired', async () => {
  await using emulator = await startEmulator(instant);
  const {
    DO_WORKER_CONCOURSE_URL: url,
    DO_WORKER_CONCOURSE_USERNAME: _,
    DO_WORKER_CONCOURSE_PASSWORD: __,
    ...environment
  } = await environmentOf(emulator);
  const home = await mkdtemp(path.join(tmpdir(), 'do-worker-test-'));
  const flyrc = async (token: string) =>
    writeFile(
      path.join(home, '.flyrc'),
      `targets:\n  ci:\n    api: ${url}/\n    team: main\n    token: {type: bearer, value: ${token}}\n`,
    );
  const answer = await fetch(`${url}/sky/issuer/token`, {
    method: 'POST',
    headers: {authorization: `Basic ${Buffer.from('fly:Zmx5').toString('base64')}`},
    body: new URLSearchParams({
      grant_type: 'password',
      username: 'test',
      password: 'test',
      scope: 'openid',
    }),
  });
  const {access_token: token} = (await answer.json()) as {access_token: string};

  await flyrc(token);
  const good = await run(['create', 'build-arm', '--target', 'ci'], {
    ...environment,
    FLY_HOME: home,
  });
  await flyrc('expired');
  const expired = await run(['create', 'build-arm', '--target', 'ci'], {
    ...environment,
    FLY_HOME: home,
  });
  const missing = await run(['create', 'build-arm', '--target', 'co'], {
    ...environment,
    FLY_HOME: home,
  });

  expect(good).toMatchObject({code: 0});
  expect(expired.code).toBe(1);
  expect(expired.stderr).toMatch(/no longer accepts the fly login[\s\S]*fly --target ci login/v);
  expect(missing.stderr).toMatch(/No fly target co in .* \(there: ci\)/v);
});

test('the emulator prints the environment that the other commands need', async () => {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'do-worker-test-')), 'seed.yaml');
  await writeFile(file, 'droplets:\n  - name: theirs\n    tags: [web]\n');
  const running = start(['emulator', '--seed', file, '--boot-ms', '10', '--create-ms', '10']);
  while (!running.output().includes('Ctrl-C')) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }

  const environment = Object.fromEntries(
    [...running.output().matchAll(/^export (?<name>\w+)=(?<value>.*)$/gmv)].map(({groups}) => [
      groups!.name,
      groups!.value,
    ]),
  ) as Record<string, string>;
  const created = await run(['create', 'build-arm'], environment);
  const key = environment.DO_WORKER_WORKER_KEY!;
  running.child.kill('SIGINT');
  const {code} = await running.done;

  expect(created).toMatchObject({code: 0});
  expect(code).toBe(0);
  await expect(readFile(key)).rejects.toThrow('ENOENT');
});

test.each(['concourse', 'taskcluster'])(
  'the demo of %s shows the commands and proves that nothing is left',
  async (kind) => {
    const {stdout, code} = await run(['demo', '--kind', kind]);

    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\$ do-worker create[\s\S]+\$ do-worker list[\s\S]+\$ do-worker destroy/v,
    );
    expect(stdout).toContain('Left over: 0 droplets, 0 workers, 0 stray tags');
  },
  60_000,
);

test.each(['do-worker.js', 'start-worker.js'])(
  '%s runs no code from the folder for temporary files, which anybody may write to',
  async (program) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-test-'));
    const file = path.join(import.meta.dirname, '../../bin', program);

    const env = {PATH: process.env.PATH, TMPDIR: folder};
    await once(spawn(process.execPath, [file, '--version'], {env, stdio: 'ignore'}), 'close');

    expect(await readdir(folder)).toEqual([]);
    expect(await readdir(path.join(import.meta.dirname, '../../.cache'))).not.toEqual([]);
  },
);
