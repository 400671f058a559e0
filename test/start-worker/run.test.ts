import {Buffer} from 'node:buffer';
import {readFile, stat} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {Interrupted} from '../../src/errors.js';
import {createClock} from '../../src/emulator/clock.js';
import type {TaskclusterEmulator} from '../../src/emulator/taskcluster/server.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {pool, start as startTaskcluster, staticSecret, worker} from '../taskcluster/start.js';
import {begin, until} from './begin.js';
import {startAws, startDroplet, userData} from './cloud-documents.js';
import {startFolder, type Plan} from './workers.js';

function standalone({url, clientId, accessToken}: TaskclusterEmulator): JsonObject {
  return {
    providerType: 'standalone',
    rootURL: url,
    clientID: clientId,
    accessToken,
    workerPoolID: pool,
    workerGroup: 'nyc3',
    workerID: 'w-1',
  };
}

function staticProvider({url}: TaskclusterEmulator): JsonObject {
  return {
    providerType: 'static',
    rootURL: url,
    providerID: 'digitalocean',
    workerPoolID: pool,
    workerGroup: worker.workerGroup,
    workerID: worker.workerId,
    staticSecret,
    providerMetadata: {region: 'nyc3'},
  };
}

/** A Taskcluster with a cloud's pool, and the metadata service of an instance in it. */
async function startCloud(options: {seconds?: number; scale?: number} = {}) {
  const clock = createClock(options.scale ?? 50);
  const taskcluster = await startTaskcluster({}, clock);
  taskcluster.addPool('proj-x/ci', {
    providerId: 'aws',
    config: {lifecycle: {reregistrationTimeout: options.seconds ?? 96 * 3600}},
  });
  const cloud = await startAws({
    '/latest/user-data': {...userData, providerId: 'aws', rootUrl: taskcluster.url},
  });
  return {
    taskcluster,
    cloud,
    time: {secondMs: 1000 / clock.scale, now: () => clock.now()},
    provider: {providerType: 'aws', metadataUrl: cloud.url},
    state: () => taskcluster.workers()[0]?.state,
    async [Symbol.asyncDispose]() {
      await taskcluster.close();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

/** Without what depends on the machine. */
const mostly = (lines: string[]) =>
  lines.filter((line) => !/^provider metadata |^Error disabling OOM killer/v.test(line));

test('leads a static worker through its life, in this order', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  const target = path.join(folder.folder, 'files/hello');
  taskcluster.addPool(pool, {
    config: {
      workerConfig: {
        genericWorker: {
          config: {list: ['pool'], from: 'pool'},
          files: [
            {
              description: 'a file',
              path: target,
              content: Buffer.from('hello').toString('base64'),
              encoding: 'base64',
              format: 'file',
            },
          ],
        },
      },
    },
  });
  taskcluster.addWorker({...worker, staticSecret});
  taskcluster.setSecret(`worker-type:${pool}`, {config: {list: ['type'], from: 'type'}});
  taskcluster.setSecret(`worker-pool:${pool}`, {config: {from: 'secret', workerId: 'other'}});

  const {log, done} = await begin(folder, {
    config: {
      provider: staticProvider(taskcluster),
      workerConfig: {list: ['runner'], from: 'runner', kept: true},
    },
    plan: {hello: ['log'], lines: ['~{"type":"log","body":{"textPayload":"at work"}}', 'plain']},
  });
  await done;

  expect(mostly(log.lines)).toEqual([
    `Loading worker-runner configuration from ${folder.folder}/runner.json`,
    'Configuring with provider static',
    'Identified as worker nyc3/w-1',
    'Getting secrets from secrets service',
    'Configuring for worker implementation generic-worker',
    'Writing files',
    `Writing a file to path ${target}`,
    'Starting worker',
    expect.stringMatching(/^Worker credentials expire in (?:95h59m|96h0m)/v),
    'plain',
    'Host is not dynamically provisioned; exiting',
  ]);
  expect(log.messages).toEqual([{textPayload: 'at work'}]);
  expect(await readFile(target, 'utf8')).toBe('hello');
  expect(JSON.parse(await readFile(folder.configPath, 'utf8'))).toMatchObject({
    list: ['runner', 'pool', 'type'],
    from: 'secret',
    kept: true,
    workerId: 'w-1',
    rootURL: taskcluster.url,
    clientId: `worker/digitalocean/${pool}/nyc3/w-1`,
    region: 'nyc3',
  });
  expect(taskcluster.workers()[0]?.state).toBe('running');
  expect(log.lines.join('\n')).not.toContain(staticSecret);
});

test('renews the credentials of a worker that runs on, and removes it when it is done', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud({seconds: 40 * 60, scale: 500});
  const {log, done} = await begin(folder, {
    config: {provider: cloud.provider, cacheOverRestarts: path.join(folder.folder, 'cache')},
    plan: {
      hello: ['new-credentials', 'shutdown', 'graceful-termination'],
      endsOn: 'graceful-termination',
    },
    time: cloud.time,
  });
  const renewals = async () =>
    (await folder.recorded()).filter(({type}) => type === 'new-credentials');

  await until(async () => (await renewals()).length === 3);
  cloud.cloud.paths['/latest/meta-data/spot/termination-time'] = '2026-08-01T00:00:00Z';
  await done;

  const tokens = (await renewals()).map((each) => each['access-token']);
  const config = JSON.parse(await readFile(folder.configPath, 'utf8')) as JsonObject;
  expect(new Set([...tokens, config.accessToken]).size).toBe(4);
  expect(await folder.recorded()).toContainEqual({
    type: 'graceful-termination',
    'finish-tasks': false,
  });
  expect(log.lines).toContain('EC2 Metadata Service says termination is imminent');
  expect(log.lines).toContain('Sending graceful-termination request with finish-tasks=false');
  expect(log.lines.at(-1)).toBe('Shutting down on request from worker');
  expect(cloud.state()).toBe('stopped');
  const cache = await readFile(path.join(folder.folder, 'cache'), 'utf8');
  expect(cache).toContain(tokens.at(-1));
});

test('a worker that cannot be told of its end is not said to have been', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud();
  const {log, done, stop} = await begin(folder, {
    config: {provider: cloud.provider},
    plan: {hello: ['log'], endsOn: 'never'},
    time: cloud.time,
  });
  await until(async () => (await folder.recorded()).length === 2);

  cloud.cloud.paths['/latest/meta-data/spot/termination-time'] = '2026-08-01T00:00:00Z';
  await until(() => log.lines.filter((line) => line.endsWith('is imminent')).length === 2);
  stop(new Interrupted('SIGTERM'));
  await done;

  expect(log.lines.filter((line) => line.startsWith('Sending'))).toEqual([]);
});

test('starts from its cache without registering, with credentials that were renewed meanwhile', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud({seconds: 40 * 60, scale: 500});
  const config = {
    provider: cloud.provider,
    cacheOverRestarts: path.join(folder.folder, 'cache'),
    workerConfig: {list: ['once']},
  };
  const first = await begin(folder, {
    config,
    plan: {hello: ['new-credentials'], endsOn: 'new-credentials', exitStatus: 67},
    time: cloud.time,
  });
  await expect(first.done).rejects.toThrow('exit status 67');
  const before = cloud.taskcluster.requests.length;

  const second = await begin(folder, {config, time: cloud.time});
  await second.done;

  expect(cloud.taskcluster.requests.slice(before).map(({method}) => method)).toEqual(['DELETE']);
  expect(mostly(second.log.lines)).toEqual([
    `Loading worker-runner configuration from ${folder.folder}/runner.json`,
    `Loading cached state from ${folder.folder}/cache`,
    'Identified as worker group-1/i-0123',
    'Starting worker',
    expect.stringMatching(/^Worker credentials expire in /v),
    'Shutting down on request from worker',
  ]);
  const renewed = (await folder.recorded()).find(({type}) => type === 'new-credentials');
  expect(JSON.parse(await readFile(folder.configPath, 'utf8'))).toMatchObject({
    list: ['once'],
    accessToken: renewed?.['access-token'],
  });
  expect((await stat(path.join(folder.folder, 'cache'))).mode).toBe(0o10_0600);
});

test('a static worker has no cache, and is told so before it registers', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  taskcluster.addWorker({...worker, staticSecret});

  const {done} = await begin(folder, {
    config: {
      provider: staticProvider(taskcluster),
      cacheOverRestarts: path.join(folder.folder, 'cache'),
    },
  });

  await expect(done).rejects.toThrow('do not use cacheOverRestarts with static provider');
  expect(taskcluster.requests).toEqual([]);
});

test.each([
  [
    {implementation: 'docker-worker', path: '/p'},
    'configuration value `worker.configPath` not found',
  ],
  [{implementation: 'qemu'}, 'unrecognized worker implementation qemu'],
  [{implementation: 'dummy', checkForNewDeploymentEverySecs: -1}, 'should be a number from 0'],
])('%j is refused before a registration is spent on it', async (section: JsonObject, message) => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  taskcluster.addWorker({...worker, staticSecret});

  const {done} = await begin(folder, {
    config: {provider: staticProvider(taskcluster), worker: section},
  });

  await expect(done).rejects.toThrow(message);
  expect(taskcluster.requests).toEqual([]);
});

test('an address with a password in it is neither asked nor shown', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  const rootURL = taskcluster.url.replace('//', '//me:hush@');

  for (const provider of [standalone(taskcluster), staticProvider(taskcluster)]) {
    const {log, done} = await begin(folder, {config: {provider: {...provider, rootURL}}});

    await expect(done).rejects.toThrow(/^RootURL must be an http or https URL without user/v);
    expect(log.lines.join('\n')).not.toContain('hush');
  }

  expect(taskcluster.requests).toEqual([]);
});

test('a worker that fails is not removed, and neither is its machine shut down', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud();

  const {log, done} = await begin(folder, {
    config: {provider: cloud.provider},
    plan: {exitStatus: 71},
    time: cloud.time,
  });

  await expect(done).rejects.toThrow('exit status 71');
  expect(cloud.state()).toBe('running');
  expect(log.lines).not.toContain('Shutting down on request from worker');
});

test('a worker that asks for a shutdown is removed while it still runs', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud();
  const {done, stop} = await begin(folder, {
    config: {provider: cloud.provider},
    plan: {hello: ['shutdown'], lines: ['~{"type":"shutdown"}'], endsOn: 'never'},
    time: cloud.time,
  });

  await until(() => cloud.state() === 'stopped');

  stop(new Interrupted('SIGTERM'));
  await done;
});

test.each([
  ['idle', 68],
  ['stopped by the worker manager', 70],
])(
  'a droplet is done for when its worker asks for a shutdown: %s, exit status %d',
  async (_why, exitStatus) => {
    await using folder = await startFolder();
    await using taskcluster = await startTaskcluster();
    await using cloud = await startDroplet();
    const shutdown = {hello: ['shutdown'], lines: ['~{"type":"shutdown"}'], exitStatus};
    const ends = async (changes: JsonObject, plan: Plan) => {
      taskcluster.addWorker({...worker, staticSecret});
      const provider = {...staticProvider(taskcluster), metadataUrl: cloud.url, ...changes};
      const {log, done} = await begin(folder, {config: {provider}, plan});
      await done.catch((error: unknown) => {
        log.line(`failed: ${(error as Error).message}`);
      });
      return log.lines.slice(-2);
    };

    expect(await ends({providerType: 'digitalocean'}, shutdown)).toEqual([
      'Host is not dynamically provisioned; exiting',
      `The worker has ended: exit status ${exitStatus}`,
    ]);
    expect(await ends({providerType: 'digitalocean'}, {exitStatus})).toContain(
      `failed: exit status ${exitStatus}`,
    );
    expect(await ends({providerType: 'static'}, shutdown)).toEqual([
      'Host is not dynamically provisioned; exiting',
      `failed: exit status ${exitStatus}`,
    ]);
  },
);

test('passes the errors of a worker on', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud();
  const error = {description: 'no disk', kind: 'disk_full', title: 'Disk', extra: {free: 0}};

  const {log, done} = await begin(folder, {
    config: {provider: cloud.provider},
    plan: {
      hello: ['error-report'],
      lines: [
        `~${JSON.stringify({type: 'error-report', ...error})}`,
        '~{"type":"error-report"}',
        '~{"type":"log"}',
      ],
    },
    time: cloud.time,
  });
  await done;

  expect(cloud.taskcluster.errors()).toMatchObject([
    {
      workerPoolId: 'proj-x/ci',
      description: 'no disk',
      kind: 'disk-full',
      title: 'Disk',
      extra: {free: 0, workerGroup: 'group-1', workerId: 'i-0123'},
    },
  ]);
  expect(log.lines).toContain(
    'Error processing error-report message, missing description or not string',
  );
  expect(log.lines).toContain("received log message from worker lacking 'body' property");
});

test('a new deploymentId lets the worker finish its tasks', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  taskcluster.addPool(pool, {
    config: {workerConfig: {genericWorker: {config: {deploymentId: 'b'}}}},
  });

  const {log, done} = await begin(folder, {
    config: {
      provider: standalone(taskcluster),
      workerConfig: {deploymentId: 'a', checkForNewDeploymentEverySecs: 600, kept: true},
      getSecrets: false,
    },
    plan: {hello: ['graceful-termination'], endsOn: 'graceful-termination'},
    time: {secondMs: 0.05, now: () => Date.now()},
  });
  await done;

  expect(log.lines).toContain('New deploymentId found! "a" => "b" - therefore shutting down!');
  expect(log.lines).toContain('Sending graceful-termination request with finish-tasks=true');
  // A generic-worker of today would refuse to start with them.
  const config = JSON.parse(await readFile(folder.configPath, 'utf8')) as JsonObject;
  expect(config.kept).toBe(true);
  expect(Object.keys(config).filter((key) => /deployment/iv.test(key))).toEqual([]);
  expect(await folder.recorded()).toContainEqual({
    type: 'graceful-termination',
    'finish-tasks': true,
  });
});

test('stops when asked to, and leaves worker and machine registered', async () => {
  await using folder = await startFolder();
  await using cloud = await startCloud();
  const {log, done, stop} = await begin(folder, {
    config: {provider: cloud.provider},
    plan: {hello: ['graceful-termination'], endsOn: 'graceful-termination', exitStatus: 71},
    time: cloud.time,
  });
  await until(async () => (await folder.recorded()).length === 2);

  stop(new Interrupted('SIGTERM'));
  await done;

  expect(log.lines.slice(-3)).toEqual([
    'Interrupted by SIGTERM: ending the worker',
    'Sending graceful-termination request with finish-tasks=false',
    'The worker has ended: exit status 71',
  ]);
  expect(cloud.state()).toBe('running');
});

test('gives up when asked to before there is a worker', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();
  const {done, stop} = await begin(folder, {config: {provider: standalone(taskcluster)}});

  stop(new Interrupted('SIGINT'));

  await expect(done).rejects.toThrow('Interrupted by SIGINT');
  expect(await folder.recorded()).toEqual([]);
});

test('a dummy needs nothing but its configuration', async () => {
  await using folder = await startFolder();
  await using taskcluster = await startTaskcluster();

  const {log, done} = await begin(folder, {
    config: {
      provider: standalone(taskcluster),
      worker: {implementation: 'dummy'},
      workerConfig: {capacity: 2},
      getSecrets: false,
    },
  });
  await done;

  expect(log.lines).toContain('State information:');
  expect(log.lines).toContain('  capacity: 2');
  expect(log.lines.at(-1)).toBe('Host is not dynamically provisioned; exiting');
  expect(log.lines.join('\n')).not.toContain(taskcluster.accessToken);
  expect(taskcluster.requests).toEqual([]);
});
