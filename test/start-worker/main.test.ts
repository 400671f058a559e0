import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, writeFile} from 'node:fs/promises';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {makeCertificate} from '../support/certificate.js';
import {until} from './begin.js';
import {startFolder} from './workers.js';

const executable = path.join(import.meta.dirname, '../../bin/start-worker.js');

/** The real command line as a process. */
function start(args: string[], environment?: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [executable, ...args], {
    env: environment ?? {PATH: '/nonexistent'},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    done: once(child, 'close').then(([code]) => ({stdout, stderr, code: code as number | null})),
  };
}

async function writeConfig(
  {folder}: Awaited<ReturnType<typeof startFolder>>,
  worker: JsonObject,
  {rootURL = 'https://tc.example.com/', ...changes}: JsonObject = {},
): Promise<string> {
  const file = path.join(folder, 'runner.yml');
  const provider = {
    providerType: 'standalone',
    rootURL,
    clientID: 'me',
    accessToken: 'hush',
    workerPoolID: 'proj-example/ci',
    workerGroup: 'home',
    workerID: 'w-1',
  };
  await writeFile(file, JSON.stringify({provider, worker, getSecrets: false, ...changes}), {
    mode: 0o600,
  });
  return file;
}

test('tells its version and its usage on stdout', async () => {
  const {version} = JSON.parse(
    await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8'),
  ) as {version: string};

  expect(await start(['--version']).done).toEqual({
    stdout: `start-worker ${version}\n`,
    stderr: '',
    code: 0,
  });
  expect((await start(['--short-version']).done).stdout).toBe(`${version}\n`);
  const {stdout, code} = await start(['--help']).done;
  expect(stdout).toMatch(/^Usage: start-worker <runnerConfig>\n/v);
  expect(stdout).toContain('provider.staticSecret');
  expect(code).toBe(0);
});

test.each([[[]], [['']], [['a', 'b']], [['--frobnicate']]])(
  '%j is wrong usage, exit status 1',
  async (args: string[]) => {
    const {stdout, stderr, code} = await start(args).done;

    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: start-worker <runnerConfig>');
    expect(code).toBe(1);
  },
);

test('a failed step is one message on the log, exit status 1', async () => {
  const {stdout, stderr, code} = await start(['/no/such/file']).done;

  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^\d{4}(?:\/\d\d){2} \d\d:\d\d:\d\d error loading runner config file \/no\/such\/file: /mv,
  );
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(1);
});

test('runs a dummy with nothing but a configuration', async () => {
  await using folder = await startFolder();
  const file = await writeConfig(folder, {implementation: 'dummy'});

  const {stdout, stderr, code} = await start([file]).done;

  expect(stdout).toBe('');
  expect(stderr).toContain('Identified as worker home/w-1');
  expect(stderr).toContain('workerPoolId: proj-example/ci');
  expect(stderr).not.toContain('hush');
  expect(code).toBe(0);
});

test('passes a worker on: its environment, its lines, its stderr and its failure', async () => {
  await using folder = await startFolder();
  const file = await writeConfig(folder, {
    implementation: 'generic-worker',
    configPath: folder.configPath,
    path: await folder.executable('generic-worker'),
  });

  const {stdout, stderr, code} = await start(
    [file],
    folder.environment({lines: ['busy'], exitStatus: 71}),
  ).done;

  expect(stdout).toBe('');
  expect(stderr).toMatch(/^\d{4}\S+ \S+ busy$/mv);
  expect(stderr).toMatch(/^\d{4}\S+ \S+ exit status 71$/mv);
  expect(code).toBe(1);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends the worker, exit status 0',
  async (signal) => {
    await using folder = await startFolder();
    const file = await writeConfig(folder, {
      implementation: 'generic-worker',
      configPath: folder.configPath,
      path: await folder.executable('generic-worker'),
    });
    const {child, done} = start(
      [file],
      folder.environment({hello: ['graceful-termination'], endsOn: 'graceful-termination'}),
    );
    await until(async () => (await folder.recorded()).length === 2);

    child.kill(signal);
    const {stderr, code} = await done;

    expect(stderr).toContain(`Interrupted by ${signal}: ending the worker`);
    expect(await folder.recorded()).toContainEqual({
      type: 'graceful-termination',
      'finish-tasks': false,
    });
    expect(code).toBe(0);
  },
);

test('a log that nobody reads any more does not end the worker', async () => {
  await using folder = await startFolder();
  const file = await writeConfig(folder, {
    implementation: 'generic-worker',
    configPath: folder.configPath,
    path: await folder.executable('generic-worker'),
  });
  const {child, done} = start(
    [file],
    folder.environment({
      hello: ['graceful-termination'],
      lines: ['a', 'b'],
      endsOn: 'graceful-termination',
    }),
  );
  child.stderr.destroy();
  await until(async () => (await folder.recorded()).length === 2);

  child.kill('SIGTERM');

  expect((await done).code).toBe(0);
});

test('trusts an authority that is not the system’s when its environment names it, and says how', async () => {
  await using folder = await startFolder();
  const certificate = makeCertificate();
  const server = createServer(certificate, (_request, response) => {
    response.writeHead(404).end('{"code":"ResourceNotFound","message":"no secret"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const rootURL = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = await writeConfig(folder, {implementation: 'dummy'}, {rootURL, getSecrets: true});
  const authority = path.join(folder.folder, 'ca.pem');
  await writeFile(authority, certificate.cert);

  const refused = await start([file]).done;
  const trusted = await start([file], {NODE_EXTRA_CA_CERTS: authority}).done;
  server.close();

  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('NODE_EXTRA_CA_CERTS=FILE');
  expect(trusted).toMatchObject({code: 0});
});
