import {expect, test} from '@jest/globals';
import type {Fault} from '../../src/emulator/ci-faults.js';
import {createClock} from '../../src/emulator/clock.js';
import {pool, start as startTaskcluster} from '../taskcluster/start.js';
import {begin} from './begin.js';
import {startAws, userData} from './cloud-documents.js';
import {startFolder} from './workers.js';

const calls = {
  register: {method: 'POST', path: '*/worker/register'},
  'the first secret': {method: 'GET', path: '*/secret/worker-type*'},
  'the second secret': {method: 'GET', path: '*/secret/worker-pool*'},
  'the error report': {method: 'POST', path: '*/worker-pool-errors/*'},
  'the removal': {method: 'DELETE', path: '*'},
  'the renewal': {method: 'POST', path: '*/worker/reregister'},
  'the look for a deploymentId': {method: 'GET', path: '*/worker-pool/*'},
} as const;

type Call = keyof typeof calls;

const passing: Record<string, Omit<Fault, 'method' | 'path'>> = {
  'slow for ten seconds': {kind: 'slow', ms: 10_000, times: 1},
  '500 twice': {kind: 'status', status: 500, times: 2},
  "a proxy's 503 once": {kind: 'html', status: 503, times: 1},
  'a connection that drops twice': {kind: 'drop', times: 2},
};
const lasting: Record<string, Omit<Fault, 'method' | 'path'>> = {
  '401 always': {kind: 'status', status: 401},
  '404 of a proxy always': {kind: 'status', status: 404},
  '500 always': {kind: 'status', status: 500},
  'connections that drop always': {kind: 'drop'},
};

/**
 * A worker in a cloud that reports an error and ends well, at once or on a message, with one call of its runner's going
 * wrong.
 */
async function runWith(
  call: Call,
  fault: Omit<Fault, 'method' | 'path'>,
  {scale = 50, endsOn}: {scale?: number; endsOn?: string} = {},
) {
  const folder = await startFolder();
  await folder.executable('bin/shutdown', `echo "$@" > '${folder.folder}/shutdown'`);
  const clock = createClock(scale);
  await using taskcluster = await startTaskcluster({}, clock);
  taskcluster.addPool(pool, {
    providerId: 'aws',
    config: {
      lifecycle: {reregistrationTimeout: 40 * 60},
      workerConfig: {genericWorker: {config: {deploymentId: 'a'}}},
    },
  });
  taskcluster.addFault({...calls[call], ...fault});
  await using cloud = await startAws({
    '/latest/user-data': {
      ...userData,
      workerPoolId: pool,
      providerId: 'aws',
      rootUrl: taskcluster.url,
    },
  });
  const report = {type: 'error-report', kind: 'test', title: 't', description: 'd', extra: {}};
  const {log, done} = await begin(folder, {
    config: {
      provider: {providerType: 'aws', metadataUrl: cloud.url},
      worker: {
        implementation: 'generic-worker',
        path: await folder.executable('generic-worker'),
        configPath: folder.configPath,
        checkForNewDeploymentEverySecs: 60,
      },
    },
    plan: {
      hello: ['error-report', 'new-credentials', 'graceful-termination'],
      lines: [`~${JSON.stringify(report)}`],
      endsOn,
    },
    time: {secondMs: 1000 / scale, now: () => clock.now()},
  });
  const error = await done.then(
    () => undefined,
    (error_: unknown) => (error_ as Error).message,
  );
  return {
    error,
    lines: log.lines.join('\n'),
    starts: (await folder.recorded()).filter((entry) => entry.start !== undefined).length,
    worker: taskcluster.workers()[0]?.state,
    reports: taskcluster.errors().length,
    looks: taskcluster.requests.filter(({path}) => path.includes('/worker-pool/')).length,
    [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
  };
}

const pairs = (faults: object, names: Call[]) =>
  names.flatMap((call) => Object.keys(faults).map((fault): [Call, string] => [call, fault]));

test.each(pairs(passing, ['register', 'the first secret', 'the second secret', 'the removal']))(
  '%s: %s does not keep the worker from its life',
  async (call, fault) => {
    await using ran = await runWith(call, passing[fault]!);

    expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'stopped', reports: 1});
  },
);

test.each(pairs(lasting, ['register', 'the first secret', 'the second secret']))(
  '%s: %s ends the run before there is a worker, and says at which call',
  async (call, fault) => {
    await using ran = await runWith(call, lasting[fault]!);

    expect(ran.starts).toBe(0);
    expect(ran.error).toMatch(call === 'register' ? /^could not register worker: /v : /secret/v);
  },
);

test.each(pairs({...passing, ...lasting}, ['the error report']))(
  '%s: %s is nothing that ends a worker',
  async (call, fault) => {
    await using ran = await runWith(call, {...passing, ...lasting}[fault]!);

    expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'stopped'});
  },
);

test.each(pairs(lasting, ['the removal']))(
  '%s: %s leaves the machine to be shut down by the system',
  async (call, fault) => {
    await using ran = await runWith(call, lasting[fault]!);

    expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'running'});
    expect(ran.lines).toContain('Falling back to system shutdown');
  },
);

test.each(Object.keys(passing))('the renewal: %s costs the worker nothing', async (fault) => {
  const options = {scale: 2000, endsOn: 'new-credentials'};
  await using ran = await runWith('the renewal', passing[fault]!, options);

  expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'stopped'});
  expect(ran.lines).not.toContain('stopping worker');
});

test.each(Object.keys(lasting))('the renewal: %s ends the worker in time', async (fault) => {
  const options = {scale: 2000, endsOn: 'graceful-termination'};
  await using ran = await runWith('the renewal', lasting[fault]!, options);

  expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'stopped'});
  expect(ran.lines).toMatch(/Error renewing worker credentials: .*\n.*; stopping worker/v);
});

test.each(Object.keys({...passing, ...lasting}))(
  'the look for a deploymentId: %s is nothing that ends a worker',
  async (fault) => {
    const options = {scale: 2000, endsOn: 'new-credentials'};
    const faults = {...passing, ...lasting};
    await using ran = await runWith('the look for a deploymentId', faults[fault]!, options);

    expect(ran).toMatchObject({error: undefined, starts: 1, worker: 'stopped'});
    expect(ran.looks).toBeGreaterThan(0);
  },
);
