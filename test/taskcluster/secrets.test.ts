import {expect, test} from '@jest/globals';
import {failure, secretsOf, start} from './start.js';

const name = 'worker-pool:do/ci';

test('a secret is read by its name', async () => {
  await using emulator = await start();
  emulator.setSecret(name, {config: {a: 2}});

  const found = await secretsOf(emulator).get(name);

  expect(found?.secret).toEqual({config: {a: 2}});
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
