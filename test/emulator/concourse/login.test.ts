import {Buffer} from 'node:buffer';
import {expect, test} from '@jest/globals';
import {createClock} from '../../../src/emulator/clock.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {accessToken, callAs, callWith, loginForm, people, requestToken} from './atc-client.js';
import {manualClock} from './manual-clock.js';

const start = async (options: ConcourseOptions = {}) =>
  startConcourse({clock: createClock(), options: {...people, ...options}});
const form = {...loginForm, username: 'test', password: 'test'};

test('a password gets a bearer token for its lifetime, and an id token', async () => {
  await using emulator = await start({tokenSeconds: 100});

  const {status, text} = await requestToken(emulator, form);

  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    access_token: expect.any(String),
    token_type: 'bearer',
    expires_in: 99,
    id_token: expect.stringMatching(/^[^.]+\.[^.]+\.[^.]+$/v),
  });
});

test('tokens of 6.5 and later are 28 bytes with a little-endian expiry at the end', async () => {
  const clock = manualClock();
  await using emulator = await startConcourse({clock, options: {version: '7.4.4'}});

  const token = accessToken(await requestToken(emulator, form));
  const bytes = Buffer.from(token, 'base64');

  expect(token).not.toContain('=');
  expect(bytes).toHaveLength(28);
  expect(Number(bytes.readBigUInt64LE(20)) - 86_400).toBe(clock.now() / 1000);
});

test('tokens before 6.5 are JWTs, before 6.1 from /sky/token', async () => {
  const clock = manualClock();
  await using emulator = await startConcourse({clock, options: {version: '6.0.0'}});

  const elsewhere = await requestToken(emulator, form);
  const answer = await requestToken(emulator, form, {path: '/sky/token'});
  const payload = Buffer.from(accessToken(answer).split('.', 2)[1]!, 'base64url').toString();

  expect(elsewhere.status).toBe(401);
  expect(JSON.parse(elsewhere.text)).toMatchObject({error: 'invalid_client'});
  const {exp} = JSON.parse(payload) as {exp: number};
  expect(exp - 86_400).toBe(clock.now() / 1000);
  const user = await callWith(emulator, accessToken(answer))('GET', '/api/v1/user');
  expect(JSON.parse(user.text)).toMatchObject({is_admin: true});
});

for (const [what, wrong, expected] of [
  ['a wrong password', {password: 'x'}, [401, 'access_denied', 'Invalid username or password']],
  ['an unknown user', {username: 'x'}, [401, 'access_denied', 'Invalid username or password']],
  [
    'no openid scope',
    {scope: 'profile'},
    [400, 'invalid_request', expect.stringContaining('openid')],
  ],
  ['an unknown scope', {scope: 'openid x'}, [400, 'invalid_request', expect.stringContaining('x')]],
  ['an unknown grant', {grant_type: 'magic'}, [400, 'unsupported_grant_type', undefined]],
] as const) {
  test(`login refuses ${what} with dex's error`, async () => {
    await using emulator = await start();

    const {status, text} = await requestToken(emulator, {...form, ...wrong});
    const {error, error_description: description} = JSON.parse(text) as Record<string, string>;

    expect([status, error, description]).toEqual(expected);
  });
}

test('login refuses a client that is not fly, an SSO-only cluster and a broken connector', async () => {
  await using emulator = await start();
  await using ssoOnly = await start({ssoOnly: true});
  await using broken = await start({connectorDown: true});

  const answers = [
    await requestToken(emulator, form, {client: 'fly:wrong'}),
    await requestToken(ssoOnly, form),
    await requestToken(broken, form),
  ].map(({status, text}) => [status, JSON.parse(text) as unknown]);

  expect(answers).toMatchObject([
    [401, {error: 'invalid_client'}],
    [400, {error: 'unsupported_grant_type'}],
    [400, {error: 'invalid_request', error_description: 'Could not login user'}],
  ]);
});

test('/user tells roles and whether one is admin', async () => {
  await using emulator = await start();

  const admin = await (await callAs(emulator, 'test'))('GET', '/api/v1/user');
  const viewer = await (await callAs(emulator, 'guest'))('GET', '/api/v1/user');

  expect(JSON.parse(admin.text)).toMatchObject({is_admin: true, teams: {main: ['owner']}});
  expect(JSON.parse(viewer.text)).toMatchObject({
    user_name: 'guest',
    is_admin: false,
    is_system: false,
    teams: {dev: ['viewer']},
  });
});

test('/info needs no token, and is 401 with an expired one', async () => {
  await using emulator = await start({externalUrl: 'https://ci.example.com'});
  const nobody = await callAs(emulator, 'nobody');
  const call = await callAs(emulator, 'test');

  const open = await nobody('GET', '/api/v1/info');
  const fresh = await call('GET', '/api/v1/info');
  emulator.expireTokens();
  const expired = await call('GET', '/api/v1/info');

  expect(JSON.parse(open.text)).toMatchObject({
    version: '8.3.0',
    worker_version: '3.0',
    feature_flags: {},
    external_url: 'https://ci.example.com',
  });
  expect(fresh.status).toBe(200);
  expect(expired).toMatchObject({status: 401, text: 'not authorized'});
});

test('a token expires when its time is over, and at once with tokensExpired', async () => {
  const clock = manualClock();
  await using emulator = await startConcourse({clock, options: {tokenSeconds: 60}});
  await using stale = await start({tokensExpired: true});
  const call = await callAs(emulator, 'test');

  const before = await call('GET', '/api/v1/workers');
  clock.pass(60);
  const after = await call('GET', '/api/v1/workers');

  expect([before.status, after.status]).toEqual([200, 401]);
  expect((await (await callAs(stale, 'test'))('GET', '/api/v1/user')).status).toBe(401);
});

test('only two parts make an Authorization header, in any letter case of bearer', async () => {
  await using emulator = await start();
  const token = accessToken(await requestToken(emulator, form));
  const status = async (authorization: string) =>
    (await fetch(`${emulator.url}/api/v1/user`, {headers: {authorization}})).status;

  expect(await status(`bEaReR ${token}`)).toBe(200);
  expect(await status(`Bearer  ${token}`)).toBe(401);
  expect(await status(token)).toBe(401);
});

test('every answer names the version, and every request is logged with its user', async () => {
  await using emulator = await start({profile: 'legacy'});
  const call = await callAs(emulator, 'test');

  const answers = [await call('GET', '/api/v1/workers'), await call('GET', '/api/v1/nothing')];

  expect(answers.map(({headers}) => headers.get('x-concourse-version'))).toEqual([
    '8.2.5',
    '8.2.5',
  ]);
  expect(emulator.requests).toEqual([
    {method: 'POST', path: '/sky/issuer/token', status: 200, user: undefined},
    {method: 'GET', path: '/api/v1/workers', status: 200, user: 'test'},
    {method: 'GET', path: '/api/v1/nothing', status: 404, user: 'test'},
  ]);
});

test('a release decides the worker version', async () => {
  const versions = ['5.0.0', '5.8.1', '7.4.4', '7.9.1', '7.14.3', '8.2.5', '8.3.0', '0.0.0-dev'];
  const workerVersions = await Promise.all(
    versions.map(async (version) => {
      await using emulator = await start({version});
      const response = await fetch(`${emulator.url}/api/v1/info`);
      return ((await response.json()) as {worker_version: string}).worker_version;
    }),
  );

  expect(workerVersions).toEqual(['2.1', '2.2', '2.3', '2.4', '2.5', '2.5', '3.0', '3.0']);
});
