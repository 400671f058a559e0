import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {expect, test} from '@jest/globals';
import {createHttp} from '../../src/http.js';
import {
  deploymentIdsIn,
  deploymentSeconds,
  watchDeployment,
} from '../../src/start-worker/deployment.js';
import {Section} from '../../src/start-worker/section.js';
import type {Json, JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';

type Answer = {status: number; body: Json};

/** A worker manager that gives these answers one after the other, the last one for ever. */
async function startPool(answers: Answer[]) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const {status, body} = answers[Math.min(paths.length, answers.length - 1)]!;
    paths.push(request.url!);
    response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = createHttp('Taskcluster', {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    retries: 0,
  });
  return {
    paths,
    workerPool: async (signal: AbortSignal) => http<unknown>('GET', 'pool', {signal}),
    async asked(times: number) {
      while (paths.length < times) {
        await once(server, 'request');
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function watch(
  pool: Awaited<ReturnType<typeof startPool>>,
  {
    current = 'a',
    canBeTold = true,
    everySeconds = 1,
  }: {current?: Json; canBeTold?: boolean; everySeconds?: number} = {},
) {
  const log = collectLog();
  const told: string[] = [];
  const stop = new AbortController();
  const watching = watchDeployment(
    {
      everySeconds,
      secondMs: 5,
      current,
      implementationKey: 'genericWorker',
      workerPool: pool.workerPool,
      async finishTasks() {
        told.push('finish-tasks');
        return canBeTold;
      },
      log,
    },
    stop.signal,
  );
  return {log, told, stop, watching};
}

const nested = (deploymentId: Json): JsonObject => ({
  workerConfig: {genericWorker: {config: {deploymentId}}},
});
const ok = (config: Json): Answer => ({status: 200, body: {config}});
const refused: Answer = {
  status: 403,
  body: {code: 'InsufficientScopes', message: 'no scope', requestInfo: {}},
};

test('lets the worker finish its tasks once the pool has another deploymentId, and looks no more', async () => {
  await using pool = await startPool([
    ok({launchConfigs: [nested('a')]}),
    ok({launchConfigs: [nested('b')]}),
  ]);
  const {log, told, watching} = watch(pool);

  await watching;

  expect(told).toEqual(['finish-tasks']);
  expect(pool.paths).toHaveLength(2);
  expect(log.lines).toEqual(['New deploymentId found! "a" => "b" - therefore shutting down!']);
});

test('says so when the worker cannot be told', async () => {
  await using pool = await startPool([ok(nested('b'))]);
  const {log, watching} = watch(pool, {canBeTold: false});

  await watching;

  expect(log.lines.at(-1)).toBe('The worker cannot be told to finish its tasks: it keeps running');
});

test.each([
  ['no pool', 5],
  ['no config', {}],
  ['a deploymentId that is no text', nested(5)],
  ['no launch configurations', {launchConfigs: []}],
  ['null', {launchConfigs: [null, {workerConfig: null}]}],
  ["another worker's deploymentId", {workerConfig: {dockerWorker: {config: {deploymentId: 'b'}}}}],
  [
    'its deploymentId in the second launch configuration',
    {launchConfigs: [nested('b'), nested('a')]},
  ],
])('a pool with %s stops no worker', async (_title, config: Json) => {
  await using pool = await startPool([ok(config)]);
  const {log, told, stop, watching} = watch(pool);

  await pool.asked(3);
  stop.abort();
  await watching;

  expect(told).toEqual([]);
  expect(log.lines).toEqual([]);
});

test('a refusal is logged once while it lasts, another failure each time, and none stops the worker', async () => {
  const failed: Answer = {status: 400, body: {code: 'InputError', message: 'what?'}};
  await using pool = await startPool([
    refused,
    refused,
    refused,
    failed,
    failed,
    ok(nested('a')),
    refused,
    ok(nested('b')),
  ]);
  const {log, told, watching} = watch(pool);

  await watching;

  expect(told).toEqual(['finish-tasks']);
  expect(log.lines.map((line) => /answered (?<status>\d+)/v.exec(line)?.groups?.status)).toEqual([
    '403',
    '400',
    '400',
    '403',
    undefined,
  ]);
});

test.each([
  ['without a deploymentId of its own', {current: null}],
  ['when told never to', {everySeconds: 0}],
])('a worker %s is not looked after', async (_title, options) => {
  await using pool = await startPool([ok(nested('b'))]);
  const {told, watching} = watch(pool, options);

  await watching;

  expect(pool.paths).toEqual([]);
  expect(told).toEqual([]);
});

test('reads both forms of a worker configuration, of clouds and of static pools', () => {
  const ids = (config: Json) => deploymentIdsIn({config}, 'genericWorker');

  expect(ids(nested('a'))).toEqual(['a']);
  expect(ids({workerConfig: {deploymentId: 'a'}})).toEqual(['a']);
  expect(ids({launchConfigs: [nested('a'), {workerConfig: {deploymentId: 'b'}}]})).toEqual([
    'a',
    'b',
  ]);
});

test('looks each half hour unless told otherwise', () => {
  const seconds = (fields: JsonObject) => deploymentSeconds(new Section('worker', fields));

  expect(seconds({})).toBe(1800);
  expect(seconds({checkForNewDeploymentEverySecs: 0})).toBe(0);
  expect(seconds({checkForNewDeploymentEverySecs: 60})).toBe(60);
  for (const value of ['60', -1, null, 1e9]) {
    expect(() => seconds({checkForNewDeploymentEverySecs: value})).toThrow(
      'configuration value `worker.checkForNewDeploymentEverySecs` should be a number from 0 to 1728000',
    );
  }
});
