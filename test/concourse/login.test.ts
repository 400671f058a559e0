import {expect, test} from '@jest/globals';
import {startEmulator} from '../../src/emulator/server.js';
import {Concourse} from '../../src/concourse/client.js';

test.each([
  ['5.8.1', '/sky/token'],
  ['6.0.0', '/sky/token'],
  ['6.1.0', '/sky/issuer/token'],
  ['7.14.3', '/sky/issuer/token'],
  ['8.3.0', '/sky/issuer/token'],
])('logs in to %s at %s, once', async (version, endpoint) => {
  await using emulator = await startEmulator({version});
  const {url, username, password, requests} = emulator.concourse;
  const client = new Concourse({url, login: {username, password}});

  const [user] = await Promise.all([client.user(), client.workers(), client.workers()]);

  expect(user.is_admin).toBe(true);
  expect(requests.filter(({method}) => method === 'POST').map(({path}) => path)).toEqual([
    endpoint,
  ]);
});

test('logs in again, once, when its token has expired', async () => {
  await using emulator = await startEmulator();
  const {url, username, password, requests} = emulator.concourse;
  const client = new Concourse({url, login: {username, password}});
  await client.workers();
  emulator.concourse.expireTokens();

  await Promise.all([client.workers(), client.user()]);

  expect(requests.filter(({method}) => method === 'POST')).toHaveLength(2);
});

test('gives up on a Concourse that does not accept its own tokens', async () => {
  await using emulator = await startEmulator({tokensExpired: true});
  const {url, username, password, requests} = emulator.concourse;
  const client = new Concourse({url, login: {username, password}});

  await expect(client.workers()).rejects.toMatchObject({code: 'LOGIN_REFUSED'});
  expect(requests.filter(({method}) => method === 'POST')).toHaveLength(2);
});

test('names the fly target whose token was revoked', async () => {
  await using emulator = await startEmulator();
  const client = new Concourse({
    url: emulator.concourse.url,
    login: {token: 'revoked', target: 'ci'},
  });

  await expect(client.workers()).rejects.toMatchObject({
    code: 'LOGIN_EXPIRED',
    suggestions: ['Log in again: fly --target ci login'],
  });
});

test('says so when the URL is not a Concourse', async () => {
  await using emulator = await startEmulator();
  const client = new Concourse({url: `${emulator.digitalOcean.url}/v2`, secondMs: 1});

  await expect(client.info()).rejects.toMatchObject({status: 401});
});
