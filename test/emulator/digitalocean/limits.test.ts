import {expect, test} from '@jest/globals';
import {start, until} from './start.js';

const nowSeconds = () => Date.now() / 1000;

const limits = (headers: Headers) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`ratelimit-${name}`)));

test('sends the three rate-limit headers with every answer', async () => {
  await using api = await start();

  const first = await api.get('/v2/account');
  const second = await api.get('/v2/nothing');
  const {body} = await api.create();
  const gone = await api.remove(`/v2/droplets/${body.droplet.id}`);

  const nextHour = nowSeconds() + 3600;
  expect(limits(first.headers)).toEqual([5000, 4999, expect.closeTo(nextHour, -1)]);
  expect([second, gone].map(({headers}) => limits(headers)[1])).toEqual([4998, 4996]);
});

test('answers 429 with retry-after to a burst, until the first request is a minute old', async () => {
  await using api = await start({burstLimit: 3, timeScale: 200});
  await Promise.all([1, 2, 3].map(async () => api.get('/v2/account')));

  const refused = await api.get('/v2/account');
  const later = await until(
    async () => api.get('/v2/account'),
    ({status}) => status !== 429,
  );

  expect(refused.status).toBe(429);
  expect(refused.body).toMatchObject({
    id: 'too_many_requests',
    message: 'API rate limit exceeded.',
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
  expect(refused.headers.get('ratelimit-remaining')).toBe('0');
  expect(later.status).toBe(200);
});

test('answers 429 without retry-after when the hour is used up', async () => {
  await using api = await start({hourlyLimit: 2});
  await api.get('/v2/account');
  await api.get('/v2/account');

  const {status, headers} = await api.get('/v2/account');

  expect(status).toBe(429);
  expect(headers.get('retry-after')).toBeNull();
  expect(limits(headers)).toEqual([2, 0, expect.closeTo(nowSeconds() + 3600, -1)]);
});

test('limits the listing of keys by itself', async () => {
  await using api = await start();
  for (let count = 0; count < 10; count++) {
    await api.get('/v2/account/keys');
  }

  const keys = await api.get('/v2/account/keys?page=2');
  const others = [await api.get('/v2/account/keys/1'), await api.get('/v2/account')];

  expect(keys.status).toBe(429);
  expect(others.map(({status}) => status)).toEqual([404, 200]);
});

test('can skew its clock', async () => {
  await using api = await start({clockSkewSeconds: 86_400});

  const {body, headers} = await api.create();
  api.settings.clockSkewSeconds = 0;
  api.settings.dateSkewSeconds = -3600;
  const wrongDate = await api.get('/v2/account');

  const now = Date.now();
  expect(Date.parse(body.droplet.created_at) - now).toBeGreaterThan(86_000_000);
  expect(Date.parse(headers.get('date')!) - now).toBeGreaterThan(86_000_000);
  expect(limits(headers)[2]! - nowSeconds()).toBeGreaterThan(86_400);
  expect(Date.parse(wrongDate.headers.get('date')!) - now).toBeLessThan(-3_500_000);
});
