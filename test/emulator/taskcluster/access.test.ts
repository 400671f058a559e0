import {expect, test} from '@jest/globals';
import {manualClock} from '../concourse/manual-clock.js';
import {issueCredentials} from '../../../src/emulator/taskcluster/certificate.js';
import {satisfies} from '../../../src/emulator/taskcluster/scopes.js';
import {as, call, type Credentials, path, register, start, staticSecret, worker} from './calls.js';

const now = () => Math.floor(Date.now() / 1000);

test('a hand-written signature is accepted, also over a query', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);

  const one = await call(emulator, 'GET', path);
  const all = await call(
    emulator,
    'GET',
    '/api/worker-manager/v1/workers/do%2Fci?state=running&limit=5',
  );

  expect(one).toMatchObject({status: 200, body: {...worker, state: 'running'}});
  expect(all.body.workers).toEqual([one.body]);
  expect(emulator.requests.map(({clientId}) => clientId)).toEqual([
    'static/taskcluster/root',
    'static/taskcluster/root',
  ]);
});

test('a wrong key, mac, client or header is 401', async () => {
  await using emulator = await start();
  const {clientId, accessToken} = emulator;
  const ask = async (signing: Parameters<typeof as>[1]) => {
    const {status, body} = await call(as(emulator, signing), 'GET', path);
    return `${status} ${body.code} ${body.message!.split('\n', 1)[0]}`;
  };

  expect(await ask({clientId, accessToken: 'other'})).toBe(
    '401 AuthenticationFailed Unauthorized: Bad mac',
  );
  expect(await ask({clientId, accessToken, mac: 'x'})).toBe(
    '401 AuthenticationFailed Unauthorized: Bad mac',
  );
  expect(await ask({clientId: 'nobody', accessToken})).toBe(
    "401 AuthenticationFailed Client with clientId 'nobody' not found",
  );
  expect(await ask({clientId, accessToken, ext: 'e30tLQ=='})).toBe(
    '401 AuthenticationFailed Failed to parse ext',
  );
});

test('a clock may be wrong by 15 minutes', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);
  const {clientId, accessToken} = emulator;
  const statusAt = async (ts: number) =>
    (await call(as(emulator, {clientId, accessToken, ts}), 'GET', path)).status;

  expect(await statusAt(now() - 310)).toBe(200);
  expect(await statusAt(now() + 310)).toBe(200);
  expect(await statusAt(now() - 1000)).toBe(401);
  expect(await statusAt(now() + 1000)).toBe(401);
});

test('without a signature one has no scopes', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);

  expect(await call(as(emulator, 'nobody'), 'GET', path)).toMatchObject({
    status: 403,
    body: {code: 'InsufficientScopes'},
  });
});

test('a scope with a star at its end stands for all that begin like it', () => {
  expect(satisfies(['a:b*'], 'a:bc')).toBe(true);
  expect(satisfies(['*'], 'a')).toBe(true);
  expect(satisfies(['a:b'], 'a:b')).toBe(true);
  expect(satisfies(['a:b'], 'a:bc')).toBe(false);
  expect(satisfies(['a*b'], 'axb')).toBe(false);
});

test('scopes are judged before the payload and before what exists', async () => {
  await using emulator = await start();
  emulator.addClient('me', 'token', ['worker-manager:create-worker:do/ci/ams3/*']);
  const me = {clientId: 'me', accessToken: 'token'};

  expect((await call(as(emulator, me), 'PUT', path, {})).status).toBe(403);
  expect((await call(as(emulator, me), 'PUT', path.replace('nyc3', 'ams3'), {})).status).toBe(400);
  expect((await call(as(emulator, me), 'GET', '/api/secrets/v1/secret/x')).status).toBe(403);
});

test('the credentials of a worker are its own name, and scopes for itself', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  const {body} = await register(emulator);
  const credentials = body.credentials as Credentials;
  const certificate = JSON.parse(credentials.certificate!) as Record<string, unknown>;
  const status = async (method: string, requestPath: string) =>
    (await call(as(emulator, credentials), method, requestPath)).status;

  expect(credentials.clientId).toBe('worker/digitalocean/do/ci/nyc3/w-1');
  expect(certificate.scopes).toEqual([
    'assume:worker-type:do/ci',
    'assume:worker-pool:do/ci',
    'assume:worker-id:nyc3/w-1',
    'queue:worker-id:nyc3/w-1',
    'secrets:get:worker-type:do/ci',
    'secrets:get:worker-pool:do/ci',
    'queue:claim-work:do/ci',
    'worker-manager:remove-worker:do/ci/nyc3/w-1',
    'worker-manager:reregister-worker:do/ci/nyc3/w-1',
    'worker-manager:should-worker-terminate:do/ci/nyc3/w-1',
  ]);
  expect(await status('GET', '/api/secrets/v1/secret/worker-type%3Ado%2Fci')).toBe(404);
  expect(await status('GET', '/api/secrets/v1/secret/worker-pool:do/ci')).toBe(404);
  expect(await status('GET', '/api/secrets/v1/secret/worker-pool:do/other')).toBe(403);
  expect(await status('GET', path)).toBe(403);
  expect(await status('GET', '/api/worker-manager/v1/worker-pool/do%2Fci')).toBe(403);
  expect(await status('GET', `${path}/should-terminate`)).toBe(200);
  expect(await status('DELETE', path)).toBe(200);
});

test('a certificate that was changed, belongs to another or is over is 401', async () => {
  const clock = manualClock();
  await using emulator = await start({}, clock);
  emulator.addWorker({...worker, staticSecret});
  const {body} = await register(emulator);
  const credentials = body.credentials as Required<Credentials>;
  const certificate = JSON.parse(credentials.certificate) as Record<string, unknown>;
  const status = async (changes: object, who: Partial<Credentials> = {}) => {
    const changed = JSON.stringify({...certificate, ...changes});
    const signing = {...credentials, certificate: changed, ...who};
    return (await call(as(emulator, signing), 'GET', `${path}/should-terminate`)).status;
  };

  expect(await status({})).toBe(200);
  expect(await status({scopes: ['*']})).toBe(401);
  expect(await status({expiry: (certificate.expiry as number) + 1})).toBe(401);
  expect(await status({issuer: 'nobody'})).toBe(401);
  expect(await status({seed: 'short'})).toBe(401);
  expect(await status({}, {clientId: 'worker/digitalocean/do/ci/nyc3/w-2'})).toBe(401);
  clock.pass(96 * 3600 + 4 * 60);
  expect(await status({})).toBe(200);
  clock.pass(120);
  expect(await status({})).toBe(401);
});

test('whoever issues a certificate must have all that it grants', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);
  const scope = 'worker-manager:get-worker:*';
  const client = {accessToken: 'token', scopes: [scope, 'auth:create-client:mine/*']};
  emulator.addClient('me', client.accessToken, client.scopes);
  const ask = async (clientId: string, scopes: string[], days = 1) => {
    const from = Date.now() - 1000;
    const terms = {clientId, scopes, start: from, expiry: from + days * 24 * 3_600_000};
    const credentials = issueCredentials('me', client, terms);
    return (await call(as(emulator, credentials), 'GET', path)).status;
  };

  expect(await ask('mine/a', [scope])).toBe(200);
  expect(await ask('yours/a', [scope])).toBe(401);
  expect(await ask('mine/a', [scope, 'more'])).toBe(401);
  expect(await ask('mine/a', [scope], 32)).toBe(401);
});
