import {expect, test} from '@jest/globals';
import {manualClock} from '../concourse/manual-clock.js';
import {
  anotherSecret,
  as,
  call,
  definition,
  later,
  path,
  register,
  start,
  staticSecret,
  worker,
} from './calls.js';

const prefix = '/api/worker-manager/v1';

test('a worker runs from its creation on, before it has registered', async () => {
  await using emulator = await start();

  const {status, body} = await call(emulator, 'PUT', path, definition());

  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...worker,
    providerId: 'digitalocean',
    state: 'running',
    capacity: 1,
  });
  expect(JSON.stringify(body)).not.toContain(staticSecret);
  expect(emulator.workers()).toMatchObject([{...worker, staticSecret, state: 'running'}]);
});

test.each([
  ['no secret', {expires: later(60)}, 'InputError', 'no worker staticSecret provided'],
  ['short secret', {expires: later(60), providerInfo: {staticSecret: 'x'}}, 'InputValidationError'],
  ['providerData', {...definition(), providerData: {}}, 'InputValidationError', 'additional'],
  ['no capacity', {...definition(), capacity: 0}, 'InputValidationError'],
  ['no expiry', {providerInfo: {staticSecret}}, 'InputValidationError', 'expires'],
  ['no time', {...definition(), expires: 'soon'}, 'InputValidationError', 'date-time'],
  ['past expiry', {...definition(), expires: later(-60)}, 'InputError', 'expires'],
  ['no object', [], 'InputValidationError', 'object'],
])('a creation with %s is 400', async (_title, body, code, words = '') => {
  await using emulator = await start();

  const answer = await call(emulator, 'PUT', path, body);

  expect(answer).toMatchObject({status: 400, body: {code}});
  expect(answer.body.message).toContain(words);
  expect(emulator.workers()).toEqual([]);
});

test('creation needs a known pool of a static provider', async () => {
  await using emulator = await start();
  emulator.addPool('cloud/ci', {providerId: 'aws'});

  const nowhere = await call(emulator, 'PUT', path.replace('ci', 'no'), definition());
  const cloud = await call(emulator, 'PUT', path.replace('do%2F', 'cloud%2F'), definition());

  expect(nowhere).toMatchObject({status: 404, body: {code: 'ResourceNotFound'}});
  expect(cloud).toMatchObject({status: 400, body: {code: 'InputError'}});
});

test('creation over a running worker shows the new expiry and stores nothing', async () => {
  await using emulator = await start();
  await call(emulator, 'PUT', path, definition());
  const [before] = emulator.workers();
  const expires = later(7200);

  const again = await call(emulator, 'PUT', path, {
    expires,
    providerInfo: {staticSecret: anotherSecret},
  });

  expect(again).toMatchObject({status: 200, body: {expires}});
  expect(emulator.workers()).toEqual([before]);
  const other = await call(emulator, 'PUT', path, {...definition(), capacity: 2});
  expect(other).toMatchObject({status: 409, body: {code: 'RequestConflict'}});
});

test('the name of a stopped worker is not given again', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, state: 'stopped'});

  expect(await call(emulator, 'PUT', path, definition())).toMatchObject({
    status: 409,
    body: {code: 'RequestConflict'},
  });
});

test('an update changes secret and expiry, and brings no stopped worker back', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, state: 'stopped', staticSecret});
  const expires = later(7200);

  const updated = await call(emulator, 'POST', path, {
    expires,
    providerInfo: {staticSecret: anotherSecret},
  });

  expect(updated).toMatchObject({status: 200, body: {expires, state: 'stopped'}});
  expect(emulator.workers()).toMatchObject([{staticSecret: anotherSecret, state: 'stopped'}]);
});

test('an update without the secret is 500, of an unknown worker 404', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);

  expect(await call(emulator, 'POST', path, {expires: later(60)})).toMatchObject({
    status: 500,
    body: {code: 'InternalServerError'},
  });
  expect((await call(emulator, 'POST', `${path}2`, definition())).status).toBe(404);
});

test('a removal may be repeated, and what is unknown is 404', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);

  const statuses = [
    await call(emulator, 'DELETE', path),
    await call(emulator, 'DELETE', path),
    await call(emulator, 'DELETE', `${path}2`),
  ].map(({status, body}) => `${status} ${body.code ?? ''}`.trim());

  expect(statuses).toEqual(['200', '200', '404 ResourceNotFound']);
  expect((await call(emulator, 'GET', path)).body.state).toBe('stopped');
});

test('the scanner pushes the expiry of every worker that was not removed', async () => {
  const clock = manualClock();
  await using emulator = await start({}, clock);
  await call(emulator, 'PUT', path, definition(clock));
  emulator.addWorker({...worker, workerId: 'far', expires: clock.now() + 30 * 24 * 3_600_000});
  emulator.addWorker({...worker, workerId: 'gone', state: 'stopped', expires: clock.now() + 1000});
  const expiries = () => emulator.workers().map(({workerId, expires}) => [workerId, expires]);

  clock.pass(59);
  const before = expiries();
  clock.pass(1);
  const after = expiries();

  const hour = 3_600_000;
  expect(before).toEqual([
    ['w-1', clock.now() - 60_000 + hour],
    ['far', clock.now() - 60_000 + 30 * 24 * hour],
  ]);
  expect(after).toEqual([
    ['w-1', clock.now() + 8 * 24 * hour],
    ['far', clock.now() - 60_000 + 30 * 24 * hour],
  ]);
});

test('a pool that is not encoded is no route or no pool', async () => {
  await using emulator = await start();
  emulator.addWorker({...worker, staticSecret});

  const one = await call(emulator, 'GET', path.replace('%2F', '/'));
  const list = await call(emulator, 'GET', `${prefix}/workers/do/ci`);

  expect(one.status).toBe(404);
  expect(list).toMatchObject({status: 400, body: {code: 'InvalidRequestArguments'}});
  expect((await register(emulator, {workerPoolId: 'do'})).status).toBe(400);
});

test('four endpoints take the old colon behind the pool, removal does not', async () => {
  await using emulator = await start();
  const colon = path.replace('ci/', 'ci:/');
  const group = `${prefix}/workers/do%2Fci:/nyc3`;

  const statuses = [
    await call(emulator, 'PUT', colon, definition()),
    await call(emulator, 'POST', colon, definition()),
    await call(emulator, 'GET', colon),
    await call(emulator, 'GET', group),
    await call(emulator, 'DELETE', colon),
  ].map(({status}) => status);

  expect(statuses).toEqual([200, 200, 200, 200, 400]);
  expect(emulator.workers()).toMatchObject([{workerPoolId: 'do/ci', state: 'running'}]);
});

test('names have no dots and at most 38 characters', async () => {
  await using emulator = await start();

  for (const name of ['a.b', 'a'.repeat(39)]) {
    const answer = await call(emulator, 'PUT', `${path.slice(0, -3)}${name}`, definition());
    expect(answer).toMatchObject({status: 400, body: {code: 'InvalidRequestArguments'}});
  }
});

test('a listing comes in pages and by state', async () => {
  await using emulator = await start({workerPageSize: 2});
  for (const number of [1, 2, 3]) {
    emulator.addWorker({...worker, workerId: `w-${number}`});
  }

  emulator.addWorker({...worker, workerId: 'off', state: 'stopped'});
  const list = async (query: string) => {
    const {body} = await call(emulator, 'GET', `${prefix}/workers/do%2Fci${query}`);
    const workers = (body.workers ?? []) as Array<{workerId: string}>;
    return {...body, names: workers.map(({workerId}) => workerId).join(' ')};
  };

  const first = await list('?state=running');
  const token = first as {continuationToken?: string};
  const second = await list(`?state=running&continuationToken=${token.continuationToken}`);

  expect(first.names).toBe('w-1 w-2');
  expect(second).toMatchObject({names: 'w-3'});
  expect(second).not.toHaveProperty('continuationToken');
  expect((await list('?limit=1')).names).toBe('w-1');
  expect((await list('?state=stopped')).names).toBe('off');
  for (const bad of ['?state=gone', '?limit=many', '?continuationToken=x']) {
    expect(await list(bad)).toMatchObject({code: 'InvalidRequestArguments'});
  }
});

test('a worker is told to terminate when it should', async () => {
  await using emulator = await start();
  emulator.addWorker(worker);
  const ask = async () => (await call(emulator, 'GET', `${path}/should-terminate`)).body;

  expect(await ask()).toMatchObject({terminate: false});
  emulator.askToTerminate(worker, 'too many');
  expect(await ask()).toEqual({terminate: true, reason: 'too many'});
});

test('a report needs the scopes of the worker it names, and is kept', async () => {
  await using emulator = await start();
  const report = {
    workerGroup: 'nyc3',
    workerId: 'w-1',
    kind: 'worker-error',
    title: 'Title',
    description: 'Description',
    extra: {},
  };
  emulator.addClient('me', 't', ['assume:worker-pool:do/ci', 'assume:worker-id:nyc3/w-1']);
  const send = async (changes: object) => {
    const me = {clientId: 'me', accessToken: 't'};
    const url = `${prefix}/worker-pool-errors/do%2Fci`;
    return (await call(as(emulator, me), 'POST', url, {...report, ...changes})).status;
  };

  expect(await send({})).toBe(200);
  expect(await send({workerId: 'w-2'})).toBe(403);
  expect(await send({extra: undefined})).toBe(400);
  expect(await send({title: 'x'.repeat(129)})).toBe(400);
  expect(await send({kind: '___'})).toBe(400);
  expect(emulator.errors()).toMatchObject([{workerPoolId: 'do/ci', kind: 'worker-error'}]);
});

test('an error repeats the request with its payload, as the real one does', async () => {
  await using emulator = await start();

  const {body} = await call(emulator, 'PUT', path, {expires: 'soon'});

  expect(body.requestInfo).toMatchObject({
    method: 'createWorker',
    params: worker,
    payload: {expires: 'soon'},
  });
  expect(body.message).toContain('\n---\n\n* method:     createWorker\n');
});
