import {spawn} from 'node:child_process';
import {access, writeFile} from 'node:fs/promises';
import {once} from 'node:events';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import {createClock} from '../../src/emulator/clock.js';
import {pool, start as startTaskcluster, staticSecret, worker} from '../taskcluster/start.js';
import {startAws, userData} from './cloud-documents.js';
import {startFolder} from './workers.js';

const executable = path.join(import.meta.dirname, '../../bin/start-worker.js');

/** What the log says last before each of the kills. */
const steps = [
  /^.{19} Loading worker-runner configuration/mv,
  /^.{19} Configuring with provider/mv,
  /^.{19} Identified as worker/mv,
  /^.{19} Getting secrets/mv,
  /^.{19} Configuring for worker implementation/mv,
  /^.{19} Writing files/mv,
  /^.{19} Writing large/mv,
  /^.{19} Starting worker/mv,
  /^.{19} Worker credentials expire/mv,
];

/** The real start-worker; killed as soon as its log says that. */
async function run(file: string, environment: NodeJS.ProcessEnv, until?: RegExp) {
  const child = spawn(process.execPath, [executable, file], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  let isKilled = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    if (until?.test(log) === true) {
      isKilled = child.kill('SIGKILL') || isKilled;
    }
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return {code, log, isKilled};
}

async function startBoth() {
  const folder = await startFolder();
  const taskcluster = await startTaskcluster({}, createClock(1));
  const cloud = await startAws({
    '/latest/user-data': {
      ...userData,
      workerPoolId: 'proj-x/cloud',
      providerId: 'aws',
      rootUrl: taskcluster.url,
    },
  });
  const brought = (name: string, length: number) => ({
    description: name,
    path: path.join(folder.folder, name),
    content: 'A'.repeat(length),
    encoding: 'base64',
    format: 'file',
  });
  const files = [brought('large', 20_000_000), brought('last', 4)];
  const config = {workerConfig: {genericWorker: {config: {}, files}}};
  taskcluster.addPool('proj-x/cloud', {providerId: 'aws', config});
  taskcluster.addPool(pool, {config});
  taskcluster.addWorker({...worker, staticSecret});
  return {
    folder,
    taskcluster,
    configs: {
      static: {
        provider: {
          providerType: 'static',
          rootURL: taskcluster.url,
          providerID: 'digitalocean',
          workerPoolID: pool,
          workerGroup: worker.workerGroup,
          workerID: worker.workerId,
          staticSecret,
        },
      },
      aws: {
        provider: {providerType: 'aws', metadataUrl: cloud.url},
        cacheOverRestarts: path.join(folder.folder, 'cache'),
      },
    },
    async [Symbol.asyncDispose]() {
      await taskcluster.close();
      await cloud[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test.each(
  steps.flatMap((step) => (['static', 'aws'] as const).map((kind) => [step, kind] as const)),
)('killed after %s it starts again as if nothing had been (%s)', async (step, kind) => {
  await using both = await startBoth();
  const {folder, taskcluster, configs} = both;
  const file = path.join(folder.folder, 'runner.json');
  const section = {
    implementation: 'generic-worker',
    path: await folder.executable('generic-worker'),
    configPath: folder.configPath,
  };
  await writeFile(file, JSON.stringify({worker: section, ...configs[kind]}), {mode: 0o600});

  const killed = await run(file, folder.environment({hello: [], endsOn: 'stdin'}), step);
  const again = await run(file, folder.environment({hello: []}));

  expect({isKilled: killed.isKilled, code: again.code, log: again.log}).toMatchObject({
    isKilled: true,
    code: 0,
  });
  await expect(access(path.join(folder.folder, 'last'))).resolves.toBeUndefined();
  const starts = (await folder.recorded()).filter((entry) => entry.start !== undefined);
  expect(starts.length).toBeGreaterThanOrEqual(1);
  expect(taskcluster.workers().map(({state}) => state)).toContain(
    kind === 'static' ? 'running' : 'stopped',
  );
});
