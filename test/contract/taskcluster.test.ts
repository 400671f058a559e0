import {describe, expect, test} from '@jest/globals';
import type {TaskclusterEmulator} from '../../src/emulator/taskcluster/server.js';
import {as, call, path as workerPath, type Credentials} from '../emulator/taskcluster/calls.js';
import {
  definition,
  inAnHour,
  managerOf,
  pool,
  registration,
  secretsOf,
  start,
  worker,
} from '../taskcluster/start.js';
import {hasReference, readContract, type Exchange} from './taskcluster-reference.js';

const missing = 'skipped: the published references are not in ../shared/specs';
const suite = hasReference ? describe : describe.skip;

const secretPath = '/api/secrets/v1/secret/worker-pool%3Ado%2Fci';

const report = {
  workerGroup: worker.workerGroup,
  workerId: worker.workerId,
  kind: 'worker-error',
  title: 'A title',
  description: 'A description',
  extra: {a: [1]},
};

/** Calls every endpoint that the clients have, and those besides that the emulator has. */
async function callEverything(emulator: TaskclusterEmulator): Promise<void> {
  const manager = managerOf(emulator);
  const secrets = secretsOf(emulator);

  await manager.createWorker(worker, {...definition(), capacity: 2});
  const registered = await manager.registerWorker(registration('2026-11-24T03:00:00Z'));
  const own = managerOf(emulator, registered);
  await own.reregisterWorker(worker, registered.secret);
  await call(
    as(emulator, registered.credentials as Credentials),
    'GET',
    `${workerPath}/should-terminate`,
  );
  await own.reportWorkerError(pool, report);
  await call(emulator, 'GET', workerPath);
  await manager.workerPool(pool);
  await manager.createWorker({...worker, workerId: 'w-2'}, definition());
  await manager.listWorkersForWorkerPool(pool, {state: 'running'});
  emulator.setLastActive(worker, Date.now());
  await manager.listWorkers(pool);
  await own.removeWorker(worker);
  await call(emulator, 'PUT', secretPath, {secret: {config: {}}, expires: inAnHour()});
  await secrets.get('worker-pool:do/ci');
  await call(emulator, 'DELETE', secretPath);
}

const operations = [
  'worker-manager createWorker',
  'worker-manager registerWorker',
  'worker-manager reregisterWorker',
  'worker-manager shouldWorkerTerminate',
  'worker-manager reportWorkerError',
  'worker-manager worker',
  'worker-manager workerPool',
  'worker-manager listWorkersForWorkerPool',
  'worker-manager listWorkers',
  'worker-manager removeWorker',
  'secrets set',
  'secrets get',
  'secrets remove',
];

suite(hasReference ? 'the contract with Taskcluster' : missing, () => {
  test('every request of the client and every answer of the emulator fits the published schemas', async () => {
    await using emulator = await start({workerPageSize: 1});
    const contract = readContract();

    await callEverything(emulator);

    const {requests} = emulator;
    expect(requests.filter(({status}) => status !== 200)).toEqual([]);
    expect(requests.flatMap((sent) => contract.requestProblems(sent))).toEqual([]);
    expect(requests.flatMap((sent) => contract.answerProblems(sent))).toEqual([]);
    expect([...new Set(requests.map((sent) => contract.operationOf(sent)))]).toEqual(operations);
  });

  test('each endpoint wants exactly the published scopes', async () => {
    await using emulator = await start();
    const contract = readContract();
    await callEverything(emulator);
    const statusWith = async (scopes: string[], {method, path, body}: Exchange) => {
      emulator.addClient('me', 'token', scopes);
      const me = {clientId: 'me', accessToken: 'token'};
      return (await call(as(emulator, me), method, path, body)).status;
    };

    const everything = [...emulator.requests];
    for (const sent of everything) {
      const scopes = contract.scopesOf(sent);
      expect([sent.path, await statusWith(scopes, sent)]).not.toEqual([sent.path, 403]);
      for (const scope of scopes) {
        const others = scopes.filter((each) => each !== scope);
        expect([scope, await statusWith(others, sent)]).toEqual([scope, 403]);
      }
    }
  });

  test('what the schemas refuse, the emulator refuses', async () => {
    await using emulator = await start();
    const contract = readContract();
    const prefix = '/api/worker-manager/v1';
    const path = `${prefix}/workers/do%2Fci/nyc3/w-1`;
    const secret = {secret: {}, expires: inAnHour()};
    const bodies: Array<[method: string, path: string, good: Record<string, unknown>]> = [
      ['PUT', path, {...definition(), capacity: 1}],
      ['POST', path, {...definition(), capacity: 1}],
      ['POST', `${prefix}/worker/register`, registration(inAnHour())],
      ['POST', `${prefix}/worker/reregister`, {...worker, secret: 'a'.repeat(44)}],
      ['POST', `${prefix}/worker-pool-errors/do%2Fci`, report],
      ['PUT', '/api/secrets/v1/secret/x', secret],
    ];
    const wrongs = [undefined, null, '', 'x'.repeat(10_241), '!', 0, 1.5, true, [], {}, {a: 1}];

    const disagreements: string[] = [];
    for (const [method, requestPath, good] of bodies) {
      const spoilt = Object.keys(good).flatMap((name) =>
        wrongs.map((wrong) => ({...good, [name]: wrong})),
      );
      for (const body of [good, {...good, stranger: 1}, [], ...spoilt]) {
        const {body: answer} = await call(emulator, method, requestPath, body);
        const problems = contract.requestProblems(emulator.requests.at(-1)!);
        if (problems.length > 0 !== (answer.code === 'InputValidationError')) {
          disagreements.push(`${method} ${requestPath} ${JSON.stringify(body).slice(0, 300)}`);
        }
      }
    }

    expect(disagreements).toEqual([]);
  });
});
