import {createServer} from 'node:http';
import {text as textOf} from 'node:stream/consumers';
import {inspect} from 'node:util';
import {expect, test} from '@jest/globals';
import {type ApiError, Interrupted, NoAnswer} from '../../src/errors.js';
import {listen, stopListening} from '../../src/emulator/listen.js';
import {WorkerManager} from '../../src/taskcluster/worker-manager.js';
import {claimWork} from '../emulator/taskcluster/calls.js';
import {
  definition,
  failure,
  inAnHour,
  managerOf,
  pool,
  registration,
  start,
  staticSecret,
  worker,
} from './start.js';

const other = {...worker, workerId: 'w-2'};

test('a static worker is made, shown, listed and removed', async () => {
  await using emulator = await start();
  const manager = managerOf(emulator);

  const created = await manager.createWorker(worker, definition());
  await manager.createWorker(other, {...definition(), capacity: 3});
  await manager.removeWorker(other);

  expect(created).toMatchObject({...worker, state: 'running', capacity: 1});
  expect(await manager.listWorkersForWorkerPool(pool)).toHaveLength(2);
  expect(await manager.listWorkersForWorkerPool(pool, {state: 'running'})).toEqual([created]);
});

test('only workers that asked the queue for work are listed as active', async () => {
  await using emulator = await start();
  const manager = managerOf(emulator);
  await manager.createWorker(worker, definition());
  await manager.createWorker(other, definition());
  const {credentials} = await manager.registerWorker(registration());

  const before = await manager.listWorkers(pool);
  const {status} = await claimWork(emulator, credentials);
  const after = await manager.listWorkers(pool);

  expect(status).toBe(200);
  expect(before).toEqual([]);
  expect(after).toMatchObject([
    {workerId: 'w-1', workerGroup: 'nyc3', state: 'running', lastDateActive: expect.any(String)},
  ]);
});

test('knows the time of the service', async () => {
  await using emulator = await start({taskclusterDateSkewSeconds: 7200});
  const manager = managerOf(emulator);

  await manager.listWorkers(pool);

  expect(Math.abs(manager.time! - Date.now() - 7_200_000)).toBeLessThan(60_000);
});

test('every part of a name is one segment of the path', async () => {
  await using emulator = await start();

  await managerOf(emulator).removeWorker(emulator.addWorker(worker));

  expect(emulator.requests.map(({path}) => path)).toEqual([
    '/api/worker-manager/v1/workers/do%2Fci/nyc3/w-1',
  ]);
});

test('a listing has the workers of all pages', async () => {
  await using emulator = await start({workerPageSize: 2});
  for (const number of [1, 2, 3, 4, 5]) {
    emulator.addWorker({...worker, workerId: `w-${number}`});
  }

  const manager = managerOf(emulator);
  const workers = await manager.listWorkersForWorkerPool(pool, {state: 'running'});

  expect(workers.map(({workerId}) => workerId)).toEqual(['w-1', 'w-2', 'w-3', 'w-4', 'w-5']);
  expect(emulator.requests).toHaveLength(3);
});

test('a worker registers unsigned and gets credentials that work for itself alone', async () => {
  await using emulator = await start();
  emulator.addPool(pool, {config: {workerConfig: {genericWorker: {config: {a: 1}}}}});
  emulator.addWorker({...worker, staticSecret});

  const {credentials, workerConfig, secret} = await managerOf(emulator).registerWorker(
    registration('2026-11-24T03:00:00Z'),
  );

  const own = managerOf(emulator, {credentials});
  expect(emulator.requests[0]).toMatchObject({isSigned: false, status: 200});
  expect(workerConfig).toEqual({genericWorker: {config: {a: 1}}});
  expect(secret).toHaveLength(44);
  expect(await failure(own.createWorker(worker, definition()))).toMatchObject({
    status: 403,
    serviceCode: 'InsufficientScopes',
  });
  await own.removeWorker(worker);
  expect(emulator.workers()[0]!.state).toBe('stopped');
});

test('credentials are renewed from one secret to the next', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  const first = await managerOf(emulator).registerWorker(registration());

  const second = await managerOf(emulator, first).reregisterWorker(worker, first.secret);
  const third = await managerOf(emulator, second).reregisterWorker(worker, second.secret);

  expect(third.credentials.certificate).not.toBe(second.credentials.certificate);
  expect(await failure(managerOf(emulator, third).reregisterWorker(worker, first.secret))).toEqual(
    expect.objectContaining({status: 400}),
  );
});

test('the boot time is left out for a server that does not know it', async () => {
  await using emulator = await start({rejectBootTime: true});
  emulator.addWorker({...worker, staticSecret});

  const {secret} = await managerOf(emulator).registerWorker(registration('2026-11-24T03:00:00Z'));

  expect(secret).toHaveLength(44);
  expect(emulator.requests.map(({body}) => 'systemBootTime' in (body as object))).toEqual([
    true,
    false,
  ]);
});

test('no other refusal of a registration is asked twice', async () => {
  await using emulator = await start();

  const error = await failure<ApiError>(
    managerOf(emulator).registerWorker({
      ...registration('2026-11-24T03:00:00Z'),
      workerGroup: 'a.b',
    }),
  );

  expect(error.serviceCode).toBe('InputValidationError');
  expect(error.detail).toContain('workerGroup');
  expect(emulator.requests).toHaveLength(1);
});

test('a registration whose answer was lost is sent again, and its last secret is the one that works', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  emulator.addFault({method: 'POST', path: '*/worker/register', kind: 'lost', times: 1});

  const {secret, credentials} = await managerOf(emulator).registerWorker(registration());

  expect(emulator.requests).toHaveLength(2);
  expect(await managerOf(emulator, {credentials}).reregisterWorker(worker, secret)).toBeDefined();
});

test.each(['lost', 'drop', 'html'] as const)(
  'a renewal that goes wrong is never sent again (%s)',
  async (kind) => {
    await using emulator = await start();
    emulator.addWorker({...worker, staticSecret});
    const {secret, credentials} = await managerOf(emulator).registerWorker(registration());
    emulator.addFault({method: 'POST', path: '*/worker/reregister', kind});

    await failure(managerOf(emulator, {credentials}).reregisterWorker(worker, secret));

    expect(emulator.requests.filter(({path}) => path.endsWith('/reregister'))).toHaveLength(1);
  },
);

test('an error report is sent once, and everything that may be repeated until it is done', async () => {
  await using emulator = await start();
  emulator.addFault({method: '*', path: '*', kind: 'html', status: 503, times: 2});
  const manager = managerOf(emulator);
  const report = {
    workerGroup: 'nyc3',
    workerId: 'w-1',
    kind: 'worker-error',
    title: 'A title',
    description: 'A description',
    extra: {a: 1},
  };

  await manager.createWorker(worker, definition());
  emulator.addFault({method: '*', path: '*', kind: 'lost', times: 1});
  await manager.removeWorker(worker);
  emulator.addFault({method: '*', path: '*', kind: 'lost', times: 1});

  expect(await failure(manager.reportWorkerError(pool, report))).toBeInstanceOf(NoAnswer);
  expect(emulator.errors()).toMatchObject([{title: 'A title', extra: {a: 1}}]);
  expect(emulator.requests.map(({method, status}) => `${method} ${status}`)).toEqual([
    'PUT 503',
    'PUT 503',
    'PUT 200',
    'DELETE 0',
    'DELETE 200',
    'POST 0',
  ]);
});

test('each attempt is signed anew', async () => {
  await using emulator = await start();
  emulator.addFault({method: '*', path: '*', kind: 'status', status: 502, times: 2});

  await managerOf(emulator).workerPool(pool);

  expect(new Set(emulator.requests.map(({nonce}) => nonce)).size).toBe(3);
});

test('a pool shows its provider and configuration', async () => {
  await using emulator = await start();
  emulator.addPool(pool, {config: {workerConfig: {a: 1}}});
  const manager = managerOf(emulator);

  expect(await manager.workerPool(pool)).toMatchObject({
    providerId: 'digitalocean',
    config: {workerConfig: {a: 1}},
  });
  expect(await manager.workerPool('do/other')).toBeUndefined();
});

test('errors carry the code and the words of the service on one line, and what to do', async () => {
  await using emulator = await start({
    taskclusterClients: ['me token worker-manager:get-worker:*'],
  });
  const mine = managerOf(emulator, {credentials: {clientId: 'me', accessToken: 'token'}});
  const wrong = managerOf(emulator, {credentials: {clientId: 'me', accessToken: 'other'}});

  const refusal = await failure<ApiError>(mine.createWorker(worker, definition()));
  const unsigned = await failure<ApiError>(wrong.workerPool(pool));

  expect(refusal.message).toBe(
    "Taskcluster's worker-manager answered 403 to PUT workers/do%2Fci/nyc3/w-1: " +
      'InsufficientScopes: Client ID me lacks scopes. Missing: ' +
      '``` worker-manager:create-worker:do/ci/nyc3/w-1 ```',
  );
  expect(refusal.suggestions).toEqual(['Give the client the scopes that the message names']);
  expect(unsigned.detail).toBe('AuthenticationFailed: Unauthorized: Bad mac');
  expect(unsigned.suggestions).toHaveLength(1);
});

test('a clock that is wrong is named as the cause', async () => {
  await using near = await start({clockAheadSeconds: 310});
  await using far = await start({clockAheadSeconds: 1000});

  const error = await failure<ApiError>(managerOf(far).workerPool(pool));

  expect(await managerOf(near).workerPool(pool)).toBeDefined();
  expect(error.status).toBe(401);
  expect(error.suggestions[0]).toContain("Set this machine's clock");
});

test('no error repeats a secret, whichever way it went out', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  const {credentials, secret} = await managerOf(emulator).registerWorker(registration());
  const own = managerOf(emulator, {credentials});
  const manager = managerOf(emulator);

  const errors = [
    await failure(own.createWorker(worker, definition())),
    await failure(own.reregisterWorker({...worker, workerGroup: 'a.b'}, secret)),
    await failure(manager.registerWorker({...registration(), workerId: staticSecret})),
  ];

  const shown = errors.map((error) => inspect(error, {depth: 10, showHidden: true})).join('\n');
  for (const text of [
    staticSecret,
    secret,
    credentials.accessToken,
    emulator.accessToken,
    (JSON.parse(credentials.certificate!) as {signature: string}).signature,
  ]) {
    expect(shown).not.toContain(text);
  }
});

test('no error repeats a secret, even when the service does', async () => {
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      response.writeHead(400).end(JSON.stringify({code: 'InputError', message: body}));
    });
  });
  const rootUrl = `http://127.0.0.1:${await listen(server)}`;
  await using _closing = {[Symbol.asyncDispose]: async () => stopListening(server)};
  const manager = new WorkerManager({rootUrl, secondMs: 1});
  const document = 'a proof of an instance';
  const secret = 'the secret of a reregistration';

  const errors = [
    await failure(manager.createWorker(worker, definition())),
    await failure(manager.reregisterWorker(worker, secret)),
    await failure(
      manager.registerWorker({
        ...registration(),
        workerIdentityProof: {document, signature: 'a signature'},
      }),
    ),
  ];

  const shown = inspect(errors, {depth: 10, showHidden: true});
  expect(shown).toContain('InputError: {"');
  for (const hidden of [staticSecret, document, secret]) {
    expect(shown).not.toContain(hidden);
  }
});

test('a certificate that is no JSON is refused without repeating it', async () => {
  await using emulator = await start();
  const credentials = {clientId: 'a', accessToken: 'b', certificate: '{"seed": hush}'};

  expect(() => managerOf(emulator, {credentials})).toThrow(
    'The certificate of the Taskcluster credentials is not JSON',
  );
});

test('the answers of something else are not taken for Taskcluster', async () => {
  await using emulator = await start();
  const elsewhere = managerOf(emulator, {rootUrl: `${emulator.url}/else`});

  // A 404, but not the one of a pool that is not known.
  expect(await failure(elsewhere.workerPool(pool))).toMatchObject({code: 'API', status: 404});
  expect(await failure(elsewhere.listWorkersForWorkerPool(pool))).toMatchObject({status: 404});
});

test('a root URL may end with a slash, and a signal ends a call', async () => {
  await using emulator = await start();
  const manager = managerOf(emulator, {rootUrl: `${emulator.url}/`});
  const signal = AbortSignal.abort(new Interrupted('SIGINT'));

  expect(await manager.workerPool(pool)).toBeDefined();
  expect(await failure(manager.createWorker(worker, definition(), {signal}))).toBeInstanceOf(
    Interrupted,
  );
  expect(emulator.workers()).toEqual([]);
  expect(Date.parse(inAnHour())).toBeGreaterThan(Date.now());
});
