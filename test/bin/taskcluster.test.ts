import {writeFile} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import {issueCredentials} from '../../src/emulator/taskcluster/certificate.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';
import {makeFolder} from '../start-worker/folder.js';
import {makeCertificate} from '../support/certificate.js';
import {environmentOf, run} from '../support/run.js';
import {startTls} from '../support/tls.js';

type Json = Record<string, unknown>;

const instant = {createMs: 10, bootMs: 10};
const kind = ['--kind', 'taskcluster'];
/** Those that the README names. */
const scopes = [
  'worker-manager:get-worker-pool:demo/pool',
  'worker-manager:list-workers:demo/pool',
  'worker-manager:create-worker:demo/pool/*',
  'worker-manager:remove-worker:demo/pool/*',
];

/** Statuses of what was sent to the end of a path. */
function statuses({taskcluster}: Emulator, end: string): number[] {
  return taskcluster.requests.filter(({path}) => path.endsWith(end)).map(({status}) => status);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; waited < 20_000 && !isTrue(); waited += 50) {
    await delay(50);
  }
}

test('a worker lives its whole life: made, started by the real start-worker, renewed, destroyed', async () => {
  await using emulator = await startEmulator(instant);
  const {taskcluster, digitalOcean} = emulator;
  // Credentials so short that they are due for renewal seconds after the start.
  taskcluster.addPool('demo/pool', {config: {lifecycle: {reregistrationTimeout: 32}}});
  const environment = await environmentOf(emulator);

  const created = await run(['create', 'linux', '--run', 'r1', ...kind, '--json'], environment);
  await until(() => statuses(emulator, '/worker/reregister').length > 0);
  const claims = taskcluster.requests.length;
  await until(() =>
    taskcluster.requests.slice(claims).some(({path}) => path.includes('claim-work')),
  );
  const [droplet] = digitalOcean.droplets();
  const listed = await run(['list', '--json'], environment);
  const destroyed = await run(['destroy', 'linux', ...kind, '--json'], environment);

  expect([created.code, listed.code, destroyed.code]).toEqual([0, 0, 0]);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    {kind: 'taskcluster', workerName: 'linux', run: 'r1', workerState: 'running'},
  ]);
  expect(statuses(emulator, '/worker/register')).toEqual([200]);
  expect(statuses(emulator, '/worker/reregister')).toEqual([200]);
  const said = droplet!.console.join('\n');
  expect(said).toContain('Identified as worker ams3/linux-r1-');
  expect(said).toContain('got new credentials');
  expect(said).not.toContain('asked the queue for work: 4');
  expect((JSON.parse(destroyed.stdout) as {removed: string[]}).removed).toEqual([droplet!.name]);
  expect(digitalOcean.droplets()).toEqual([]);
  expect(taskcluster.workers().map(({state}) => state)).toEqual(['stopped']);
}, 60_000);

test('workers of a deployment with an authority of its own trust the one that --ca-cert names', async () => {
  await using emulator = await startEmulator(instant);
  await using tls = await startTls(emulator.taskcluster.url);
  await using folder = await makeFolder();
  const environment = {...(await environmentOf(emulator)), TASKCLUSTER_ROOT_URL: tls.url};
  const given = [...kind, '--ca-cert', folder.at('ca.pem')];
  await writeFile(folder.at('ca.pem'), `a comment, né\n${tls.cert}`);

  const distrusting = await run(['create', 'linux', ...kind], environment);
  const created = await run(['create', 'linux', ...given], environment);
  const said = emulator.digitalOcean.droplets().map(({console}) => console.join('\n'));
  await writeFile(folder.at('ca.pem'), 'no certificate');
  const refused = await run(['create', 'linux', ...given], environment);

  expect(distrusting.stderr).toContain('--ca-cert FILE');
  expect(created).toMatchObject({code: 0});
  expect(said).toEqual([expect.stringContaining('asked the queue for work: 200')]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--ca-cert names a file without a certificate in PEM');
}, 60_000);

test('the authority that --ca-cert names is trusted besides those that are trusted anyway', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  await using tls = await startTls(emulator.taskcluster.url);
  await using folder = await makeFolder();
  await writeFile(folder.at('ca.pem'), makeCertificate().cert);
  await writeFile(folder.at('extra.pem'), tls.cert);

  const checked = await run(
    ['create', 'linux', '--dry-run', ...kind, '--ca-cert', folder.at('ca.pem')],
    {
      ...(await environmentOf(emulator)),
      TASKCLUSTER_ROOT_URL: tls.url,
      NODE_EXTRA_CA_CERTS: folder.at('extra.pem'),
    },
  );

  expect(checked).toMatchObject({code: 0});
});

test('an account holds workers of both kinds, and each command takes its own', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  const environment = await environmentOf(emulator);
  await run(['create', 'both', ...kind], environment);
  await run(['create', 'both'], environment);

  const all = await run(['list', 'both', '--json'], environment);
  const table = await run(['list', 'both'], environment);
  const some = await run(['list', ...kind, '--json'], environment);
  const cleaned = await run(['cleanup', ...kind, '--json'], environment);
  await run(['destroy', 'both'], environment);
  const left = await run(['list', '--json'], environment);

  const kindsIn = ({stdout}: {stdout: string}) =>
    (JSON.parse(stdout) as Json[]).map((worker) => [worker.kind, worker.workerState]);
  expect(kindsIn(all)).toEqual([
    ['taskcluster', 'running'],
    ['concourse', 'running'],
  ]);
  expect(table.stdout).toMatch(/^NAME\s+KIND\s+RUN/v);
  expect(kindsIn(some)).toEqual([['taskcluster', 'running']]);
  expect(JSON.parse(cleaned.stdout)).toMatchObject({counts: {deleted: 0, kept: 1}});
  expect(kindsIn(left)).toEqual([['taskcluster', 'running']]);
}, 60_000);

test('renders what create sends, without the secret', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  const environment = await environmentOf(emulator);

  const shown = await run(['render', 'linux', ...kind], environment);

  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain(String.raw`staticSecret: \"‹redacted›\"`);
  expect(shown.stdout).toContain(String.raw`workerPoolID: \"demo/pool\"`);
  expect(emulator.taskcluster.workers()).toEqual([]);
});

test('renders for the place that is asked for, and no name that create refuses; one with no room is cut', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  const environment = await environmentOf(emulator);

  const elsewhere = ['--region', 'fra1,ams3', '--size', 's-4vcpu-8gb'];
  const shown = await run(['render', 'linux', ...kind, ...elsewhere], environment);
  const long = await run(['render', 'n'.repeat(63), ...kind], environment);
  const none = await run(['render', 'n'.repeat(64), ...kind, '--region', 'AMS3'], environment);

  expect(shown.stdout).toContain(String.raw`workerGroup: \"fra1\"`);
  expect(shown.stdout).toContain(String.raw`instanceType: \"s-4vcpu-8gb\"`);
  expect(long.stdout).toMatch(/workerID: \\"n{14}--[0-9a-f]{6}-[\-0-9a-z]{15}\\"/v);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/Worker name "n{64}" is not .* at most 63\n.*"AMS3"/v);
});

test.each([
  [
    {DO_WORKER_WORKER_POOL: ''},
    2,
    /No CI server: give --worker-pool and set TASKCLUSTER_ROOT_URL/v,
  ],
  [{DO_WORKER_WORKER_POOL: 'Demo'}, 2, /Worker pool "Demo" is not <provisionerId>\/<workerType>/v],
  [{DO_WORKER_WORKER_POOL: 'demo/none'}, 1, /no worker pool demo\/none/v],
  [{DO_WORKER_TAG: 'arm64'}, 2, /Taskcluster knows no tags/v],
  [{TASKCLUSTER_ACCESS_TOKEN: ''}, 2, /TASKCLUSTER_ACCESS_TOKEN .* is not set/v],
  [{TASKCLUSTER_CLIENT_ID: '', TASKCLUSTER_ACCESS_TOKEN: ''}, 2, /No credentials for Taskcluster/v],
  [{TASKCLUSTER_ACCESS_TOKEN: 'wrong'}, 1, /answered 401/v],
  [
    {TASKCLUSTER_ROOT_URL: 'https://tc.example.com/?token=x#y'},
    2,
    /TASKCLUSTER_ROOT_URL has a query or a fragment in it: leave it out$/mv,
  ],
  [
    {TASKCLUSTER_ROOT_URL: '\nhttps://tc.example.com'},
    2,
    /TASKCLUSTER_ROOT_URL is not an http or https URL$/mv,
  ],
  [
    {DO_WORKER_GENERIC_WORKER_URL: 'https://dl.example.com/a b'},
    2,
    /--generic-worker-url is not an http or https URL$/mv,
  ],
  [
    {TASKCLUSTER_ROOT_URL: 'https://[::1'},
    2,
    /TASKCLUSTER_ROOT_URL is not an http or https URL \(https:\/\/\[::1\)$/mv,
  ],
  [
    {TASKCLUSTER_CERTIFICATE: '{"version":', DO_WORKER_TAG: 'arm64'},
    2,
    /- TASKCLUSTER_CERTIFICATE is not a JSON object in one text\n- Taskcluster knows no tags/v,
  ],
  [{TASKCLUSTER_CLIENT_ID: 'me\nyou'}, 2, /TASKCLUSTER_CLIENT_ID has characters in it that no/v],
  [{DO_WORKER_GENERIC_WORKER_VERSION: 'latest'}, 2, /"latest" is not a release/v],
  [{DO_WORKER_DOCKER_WORKER: 'relative'}, 2, /"relative" is not the absolute path/v],
])('says what is wrong before anything is made: %j', async (changes, code, message) => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});

  const result = await run(['create', 'linux', ...kind], {
    ...(await environmentOf(emulator)),
    ...changes,
  });

  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
  expect(emulator.digitalOcean.everyDroplet()).toEqual([]);
  expect(emulator.taskcluster.workers()).toEqual([]);
  expect(result.stdout + result.stderr).not.toContain(emulator.taskcluster.accessToken);
});

test.each([
  [
    {DO_WORKER_WORKER_POOL: ''},
    2,
    /give --worker-pool and set TASKCLUSTER_ROOT_URL, both of them$/mv,
  ],
  [
    {TASKCLUSTER_ROOT_URL: ''},
    2,
    /give --worker-pool and set TASKCLUSTER_ROOT_URL, both of them$/mv,
  ],
  [{DO_WORKER_WORKER_POOL: '', TASKCLUSTER_ROOT_URL: ''}, 0, /stay listed, until a cleanup that/v],
])(
  'tells who destroys and cleans up without naming Taskcluster whole: %j',
  async (changes, code, message) => {
    await using emulator = await startEmulator({...instant, simulateRunner: true});
    const environment = await environmentOf(emulator);
    await run(['create', 'linux', ...kind], environment);
    const unnamed = {...environment, ...changes};

    const listed = await run(['list', ...kind], unnamed);
    const cleaned = await run(['cleanup', ...kind], unnamed);
    const destroyed = await run(['destroy', 'linux', ...kind], unnamed);

    expect(listed).toMatchObject({code: 0, stderr: ''});
    expect(cleaned).toMatchObject({code, stderr: expect.stringMatching(message)});
    expect(destroyed).toMatchObject({code, stderr: expect.stringMatching(message)});
    expect(emulator.digitalOcean.droplets()).toHaveLength(code === 0 ? 0 : 1);
  },
);

test('a CI id says whose droplets are meant, however much of Taskcluster is named', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  const environment = await environmentOf(emulator);
  const {stdout} = await run(['create', 'linux', ...kind, '--json'], environment);
  const [worker] = (JSON.parse(stdout) as {workers: Array<{ciId: string}>}).workers;

  const {code} = await run(['destroy', 'linux', ...kind, '--ci-id', worker!.ciId], {
    ...environment,
    DO_WORKER_WORKER_POOL: '',
  });

  expect(code).toBe(0);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('list tells of each problem once', async () => {
  const {code, stderr} = await run(['list', ...kind], {
    DIGITALOCEAN_ACCESS_TOKEN: 'token',
    TASKCLUSTER_ROOT_URL: 'https://tc.example.com',
    DO_WORKER_WORKER_POOL: 'Demo',
  });

  expect(code).toBe(2);
  expect(stderr).toBe(
    'Error: Worker pool "Demo" is not <provisionerId>/<workerType>, such as proj/linux\n',
  );
});

test('create tells which programs of a droplet anybody on their way could replace', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  const environment = await environmentOf(emulator);
  const from = async (scheme: string) => {
    const mirror = ['--generic-worker-url', `${scheme}://mirror.example.com`];
    return run(['create', 'linux', '--dry-run', ...kind, ...mirror], environment);
  };

  const unsafe = await from('http');
  const safe = await from('https');

  expect([unsafe.code, safe.code]).toEqual([0, 0]);
  expect(unsafe.stderr).toMatch(/Not safe: .* over http from http:\/\/mirror\.example\.com\/v/v);
  expect(safe.stderr).not.toContain('Not safe');
});

test('names the scopes that are missing, all at once', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  emulator.taskcluster.addClient('me', 'token', ['worker-manager:list-workers:demo/pool']);

  const {code, stdout} = await run(['create', 'linux', ...kind, '--json'], {
    ...(await environmentOf(emulator)),
    TASKCLUSTER_CLIENT_ID: 'me',
    TASKCLUSTER_ACCESS_TOKEN: 'token',
  });

  expect(code).toBe(1);
  expect((JSON.parse(stdout) as {error: Json}).error.message).toBe(
    `Client me of Taskcluster at ${emulator.taskcluster.url} lacks 3 scope(s): worker-manager:get-worker-pool:demo/pool worker-manager:create-worker:demo/pool/ams3/* worker-manager:remove-worker:demo/pool/ams3/*`,
  );
});

test.each(['TASKCLUSTER_CERTIFICATE', 'TASKCLUSTER_CERTIFICATE_FILE'])(
  'temporary credentials are as good as others with %s, and nothing without it',
  async (variable) => {
    await using emulator = await startEmulator({...instant, simulateRunner: true});
    await using folder = await makeFolder();
    const {clientId: issuer, accessToken: key} = emulator.taskcluster;
    const grant = {clientId: 'me/for-an-hour', scopes, start: Date.now() - 1000};
    const {clientId, accessToken, certificate} = issueCredentials(
      issuer,
      {accessToken: key, scopes: ['*']},
      {...grant, expiry: grant.start + 3_600_000},
    );
    await writeFile(folder.at('certificate'), `${certificate}\n`);
    const environment = {
      ...(await environmentOf(emulator)),
      TASKCLUSTER_CLIENT_ID: clientId,
      TASKCLUSTER_ACCESS_TOKEN: accessToken,
    };
    const create = ['create', 'linux', ...kind];

    const refused = await run(create, environment);
    const created = await run(create, {
      ...environment,
      [variable]: variable.endsWith('_FILE') ? folder.at('certificate') : certificate,
    });

    expect(refused).toMatchObject({code: 1, stderr: expect.stringContaining('answered 401')});
    expect(created).toMatchObject({code: 0});
    expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  },
);

test('the scopes that the README names are enough for everything', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  emulator.taskcluster.addClient('me', 'token', scopes);
  const environment = {
    ...(await environmentOf(emulator)),
    TASKCLUSTER_CLIENT_ID: 'me',
    TASKCLUSTER_ACCESS_TOKEN: 'token',
  };

  const codes: Array<number | null> = [];
  for (const command of ['create linux', 'list', 'cleanup', 'destroy linux', 'render linux']) {
    codes.push((await run([...command.split(' '), ...kind], environment)).code);
  }

  expect(codes).toEqual([0, 0, 0, 0, 0]);

  emulator.taskcluster.addClient('cron', 'token', [
    'worker-manager:list-workers:demo/pool',
    'worker-manager:remove-worker:demo/pool/*',
  ]);
  const cron = {...environment, TASKCLUSTER_CLIENT_ID: 'cron'};
  await run(['create', 'linux', ...kind], environment);
  const cleaned = await run(['cleanup', ...kind, '--json'], cron);
  const destroyed = await run(['destroy', 'linux', ...kind, '--json'], cron);
  expect(JSON.parse(cleaned.stdout)).toMatchObject({counts: {kept: 1}});
  expect((JSON.parse(destroyed.stdout) as {removed: string[]}).removed).toHaveLength(1);
}, 40_000);

test('a pool whose provider makes its own workers is refused', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});
  emulator.taskcluster.addPool('demo/cloud', {providerId: 'google'});

  const {code, stdout} = await run(
    ['create', 'linux', ...kind, '--worker-pool', 'demo/cloud', '--json'],
    await environmentOf(emulator),
  );

  expect(code).toBe(1);
  expect(stdout).toMatch(/Worker pool demo\/cloud takes no workers of one's own/v);
});
