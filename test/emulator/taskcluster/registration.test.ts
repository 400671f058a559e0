import {expect, test} from '@jest/globals';
import {manualClock} from '../concourse/manual-clock.js';
import {
  anotherSecret,
  as,
  call,
  type Credentials,
  definition,
  later,
  path,
  pool,
  register,
  reregister,
  start,
  staticSecret,
  worker,
} from './calls.js';

const hours = (count: number) => count * 3_600_000;
const expiry = ({body}: {body: Record<string, unknown>}) => Date.parse(body.expires as string);

test('a worker registers with its secret, as often as it likes', async () => {
  await using emulator = await start();
  emulator.addPool(pool, {config: {workerConfig: {a: 1}}});
  emulator.addWorker({...worker, staticSecret});

  const first = await register(emulator);
  const second = await register(emulator, {systemBootTime: later(-60)});

  expect(first).toMatchObject({status: 200, body: {workerConfig: {a: 1}}});
  expect(first.body.secret).toMatch(/^[\-\w]{44}$/v);
  expect(second.body.secret).not.toBe(first.body.secret);
});

test.each([
  ['a wrong secret', {workerIdentityProof: {staticSecret: anotherSecret}}, 400, 'bad staticSecret'],
  ['another kind of proof', {workerIdentityProof: {token: 'x'}}, 400, 'bad staticSecret'],
  ['a mixed proof', {workerIdentityProof: {token: 'x', staticSecret}}, 400, 'oneOf'],
  ['an unknown worker', {workerId: 'nobody'}, 404, 'nobody'],
  ['an unknown pool', {workerPoolId: 'do/other'}, 404, 'do/other'],
  ['an unknown provider', {providerId: 'nobody'}, 404, 'nobody'],
  ['a provider of another pool', {providerId: 'aws'}, 400, 'aws'],
  ['an empty boot time', {systemBootTime: ''}, 400, 'systemBootTime'],
  ['an unknown field', {bootTime: later(0)}, 400, 'additional properties: "bootTime"'],
])('registration with %s is refused', async (_title, fields, status, words) => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});

  const answer = await register(emulator, fields);

  expect(answer.status).toBe(status);
  expect(answer.body.message).toContain(words);
});

test('the year 1 is a boot time, and an old server knows none', async () => {
  await using emulator = await start();
  await using old = await start({rejectBootTime: true});
  const boot = {systemBootTime: '0001-01-01T00:00:00Z'};
  emulator.addWorker({...worker, staticSecret});
  old.addWorker({...worker, staticSecret});

  expect((await register(emulator, boot)).status).toBe(200);
  expect(await register(old, boot)).toMatchObject({
    status: 400,
    body: {code: 'InputValidationError'},
  });
  expect((await register(old)).status).toBe(200);
});

test('a removed or expired worker does not register', async () => {
  const clock = manualClock();
  await using emulator = await start({scanMs: 0}, clock);
  await call(emulator, 'PUT', path, definition(clock));
  emulator.addWorker({...worker, workerId: 'gone', state: 'stopped', staticSecret});

  const removed = await register(emulator, {workerId: 'gone'});
  clock.pass(3601);
  const expired = await register(emulator);

  expect([removed.status, expired.status]).toEqual([400, 400]);
  expect(removed.body.message).toContain('worker is not running');
  expect(expired.body.message).toContain('has expired');
});

test('credentials live 96 h, or as the pool says at registration but not after', async () => {
  const clock = manualClock();
  await using emulator = await start({}, clock);
  emulator.addPool('do/quick', {config: {lifecycle: {reregistrationTimeout: 3600}}});
  const quick = {...worker, workerPoolId: 'do/quick'};
  emulator.addWorker({...worker, staticSecret});
  emulator.addWorker({...quick, staticSecret});

  const slow = await register(emulator);
  const first = await register(emulator, quick);
  const second = await call(
    as(emulator, first.body.credentials as Credentials),
    'POST',
    '/api/worker-manager/v1/worker/reregister',
    {...quick, secret: first.body.secret},
  );

  expect(expiry(slow)).toBe(clock.now() + hours(96));
  expect(expiry(first)).toBe(clock.now() + hours(1));
  expect(expiry(second)).toBe(clock.now() + hours(96));
  expect(second.body).not.toHaveProperty('workerConfig');
});

test('the secret of a registration works once, and not after another registration', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  const first = await register(emulator);
  const second = await register(emulator);
  const {credentials} = second.body;

  const stale = await reregister(emulator, first.body.secret, credentials);
  const good = await reregister(emulator, second.body.secret, credentials);
  const again = await reregister(emulator, second.body.secret, credentials);
  const next = await reregister(emulator, good.body.secret, good.body.credentials);

  expect([stale, good, again, next].map(({status}) => status)).toEqual([400, 200, 400, 200]);
});

test('a worker cannot renew the credentials of another', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});
  emulator.addWorker({...worker, workerId: 'w-2', staticSecret});
  const one = await register(emulator);
  const two = await register(emulator, {workerId: 'w-2'});

  expect(await reregister(emulator, one.body.secret, two.body.credentials)).toMatchObject({
    status: 403,
  });
});

test.each([
  ['aws', {document: 'd', signature: 's'}, {document: 'd'}],
  ['google', {token: 't'}, {document: 'd'}],
  ['azure', {document: 'd'}, {token: 't'}],
])('a worker of %s registers with the proof of its cloud', async (provider, proof, other) => {
  await using emulator = await start();
  const workerConfig = {genericWorker: {config: {a: 1}}};
  emulator.addPool('cloud/ci', {
    providerId: provider,
    config: {lifecycle: {reregistrationTimeout: 60}, launchConfigs: [{workerConfig}]},
  });
  const name = {...worker, workerPoolId: 'cloud/ci'};
  const fields = {...name, providerId: provider, workerIdentityProof: proof};

  const {status, body} = await register(emulator, fields);
  const refused = await register(emulator, {...fields, workerIdentityProof: other});
  const removed = await call(
    as(emulator, body.credentials as Credentials),
    'DELETE',
    path.replace('do%2F', 'cloud%2F'),
  );

  expect([status, refused.status, removed.status]).toEqual([200, 400, 200]);
  expect(body.workerConfig).toEqual(workerConfig);
  expect(expiry({body})).toBeLessThan(Date.now() + 61_000);
  expect(emulator.workers()).toMatchObject([{...name, state: 'stopped'}]);
});
