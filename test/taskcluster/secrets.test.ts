import {inspect} from 'node:util';
import {expect, test} from '@jest/globals';
import {failure, inAnHour, secretsOf, start} from './start.js';

const name = 'worker-pool:do/ci';

test('a secret is set, read, replaced and removed', async () => {
  await using emulator = await start();
  const secrets = secretsOf(emulator);

  await secrets.set(name, {secret: {config: {a: 1}}, expires: inAnHour()});
  await secrets.set(name, {secret: {config: {a: 2}}, expires: inAnHour()});
  const found = await secrets.get(name);
  await secrets.remove(name);
  await secrets.remove(name);

  expect(found?.secret).toEqual({config: {a: 2}});
  expect(await secrets.get(name)).toBeUndefined();
  expect(emulator.requests[0]!.path).toBe('/api/secrets/v1/secret/worker-pool%3Ado%2Fci');
});

test('a secret that one may not read is an error, whether it exists or not', async () => {
  await using emulator = await start({taskclusterClients: [`me token secrets:get:${name}`]});
  const secrets = secretsOf(emulator, {credentials: {clientId: 'me', accessToken: 'token'}});

  expect(await secrets.get(name)).toBeUndefined();
  expect(await failure(secrets.get('another'))).toMatchObject({
    status: 403,
    serviceCode: 'InsufficientScopes',
  });
});

test('an expired secret is none', async () => {
  await using emulator = await start();
  emulator.setSecret(name, {a: 1}, Date.now() - 1000);

  expect(await secretsOf(emulator).get(name)).toBeUndefined();
});

test('only an unknown secret counts as none: not a 404 of something in front of the service', async () => {
  await using emulator = await start();
  emulator.addFault({method: 'GET', path: '*', kind: 'html', status: 404, times: 1});
  const secrets = secretsOf(emulator);

  expect(await failure(secrets.get(name))).toMatchObject({status: 404});
});

test('a secret that cannot be set is not in the error', async () => {
  await using emulator = await start();

  const error = await failure(
    secretsOf(emulator).set(name, {secret: {password: 'hush-hush'}, expires: 'soon'}),
  );

  expect(error).toMatchObject({serviceCode: 'InputValidationError'});
  expect(inspect(error, {depth: 10, showHidden: true})).not.toContain('hush-hush');
});
