import {expect, test} from '@jest/globals';
import {manualClock} from '../concourse/manual-clock.js';
import {as, call, later, start} from './calls.js';

const path = '/api/secrets/v1/secret/worker-pool%3Ado%2Fci';

test('a secret is found under its name, encoded or not', async () => {
  await using emulator = await start();
  const expires = later(60);

  const set = await call(emulator, 'PUT', path, {secret: {a: 1}, expires});
  const plain = await call(emulator, 'GET', '/api/secrets/v1/secret/worker-pool:do/ci');

  expect(set).toEqual({status: 200, body: {}});
  expect(plain).toEqual({status: 200, body: {secret: {a: 1}, expires}});
});

test('a removal succeeds whether there was one or not', async () => {
  await using emulator = await start();
  emulator.setSecret('worker-pool:do/ci', {a: 1});

  const removals = [await call(emulator, 'DELETE', path), await call(emulator, 'DELETE', path)];

  expect(removals.map(({status}) => status)).toEqual([200, 200]);
  expect(await call(emulator, 'GET', path)).toMatchObject({
    status: 404,
    body: {code: 'ResourceNotFound'},
  });
});

test('an expired secret can no longer be read', async () => {
  const clock = manualClock();
  await using emulator = await start({}, clock);
  emulator.setSecret('worker-pool:do/ci', {a: 1}, clock.now() + 60_000);

  clock.pass(60);
  const before = await call(emulator, 'GET', path);
  clock.pass(1);

  expect(before.status).toBe(200);
  expect((await call(emulator, 'GET', path)).status).toBe(404);
});

test('a secret is an object with an expiry and nothing else', async () => {
  await using emulator = await start();
  const expires = later(60);

  for (const body of [{secret: {}}, {secret: 'x', expires}, {secret: {}, expires, a: 1}]) {
    expect(await call(emulator, 'PUT', path, body)).toMatchObject({
      status: 400,
      body: {code: 'InputValidationError'},
    });
  }
});

test('reading and writing are two scopes', async () => {
  await using emulator = await start({
    taskclusterClients: ['reader r secrets:get:*', 'writer w secrets:set:worker-pool:do/*'],
  });
  const reader = {clientId: 'reader', accessToken: 'r'};
  const writer = {clientId: 'writer', accessToken: 'w'};
  const body = {secret: {}, expires: later(60)};

  expect((await call(as(emulator, reader), 'PUT', path, body)).status).toBe(403);
  expect((await call(as(emulator, writer), 'PUT', path, body)).status).toBe(200);
  expect((await call(as(emulator, writer), 'GET', path)).status).toBe(403);
  expect((await call(as(emulator, reader), 'GET', path)).status).toBe(200);
});
