import {expect, test} from '@jest/globals';
import {standard, start} from './start.js';

test('hits the requests a fault names, after some and for a time', async () => {
  await using api = await start({
    faults: [
      {
        method: 'get',
        path: '/v2/account',
        after: 1,
        times: 2,
        kind: 'status',
        status: 503,
        message: 'busy',
      },
    ],
  });

  const answers = [];
  for (let count = 0; count < 4; count++) {
    answers.push(await api.get('/v2/account'));
  }

  const other = await api.get('/v2/regions');

  expect(answers.map(({status}) => status)).toEqual([200, 503, 503, 200]);
  expect(answers[1]!.body).toMatchObject({id: 'server_error', message: 'busy'});
  expect(other.status).toBe(200);
});

test('takes a fault while running, with a regular expression for its path', async () => {
  await using api = await start();
  api.faults.push({path: '^/v2/droplets$', kind: 'status', headers: {'retry-after': '7'}});

  const {status, headers} = await api.create();
  const other = await api.get('/v2/droplets/1');

  expect([status, headers.get('retry-after'), other.status]).toEqual([500, '7', 404]);
});

test('answers HTML as an edge proxy does', async () => {
  await using api = await start({htmlErrors: 1});

  const {status, text, headers} = await api.get('/v2/account');

  expect(status).toBe(502);
  expect(text).toContain('<h1>502 Bad Gateway</h1>');
  expect(headers.get('content-type')).toContain('text/html');
  expect((await api.get('/v2/account')).status).toBe(200);
});

test('drops the connection before anything happened', async () => {
  await using api = await start({
    faults: [{method: 'POST', path: '/v2/droplets', kind: 'drop-before', times: 1}],
  });

  await expect(api.create()).rejects.toThrow('fetch failed');

  expect(api.droplets()).toEqual([]);
  expect(api.requests).toMatchObject([{method: 'POST', fault: 'drop-before'}]);
  expect(api.requests[0]).not.toHaveProperty('status');
});

test('drops the connection after a create took effect', async () => {
  await using api = await start({dropCreates: 1});

  await expect(api.create()).rejects.toThrow('fetch failed');

  expect(api.droplets()).toHaveLength(1);
  expect((await api.create()).status).toBe(202);
});

test('answers 500 to a create that took effect', async () => {
  await using api = await start({errorCreates: 1});

  const {status, body} = await api.create();

  expect(status).toBe(500);
  expect(body).toMatchObject({id: 'server_error', message: 'Unexpected server-side error'});
  expect(api.droplets()).toHaveLength(1);
});

test('loses the answer to a deletion that took effect', async () => {
  await using api = await start({
    faults: [{method: 'DELETE', path: '/v2/droplets/', kind: 'drop-after', times: 1}],
  });
  const {body} = await api.create();
  const path = `/v2/droplets/${body.droplet.id}`;

  await expect(api.remove(path)).rejects.toThrow('fetch failed');

  expect((await api.remove(path)).status).toBe(404);
});

test('fails a list at a later page', async () => {
  await using api = await start({failPage: 2});

  const first = await api.get('/v2/sizes?per_page=2');
  const second = await api.get('/v2/sizes?per_page=2&page=2');

  expect([first.status, second.status]).toEqual([200, 500]);
});

test('answers slowly, in emulated time', async () => {
  await using api = await start({slowMs: 300, timeScale: 10});

  const startedAt = performance.now();
  await api.get('/v2/account');

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
});

test('ends hanging and slow requests and new droplets when it closes', async () => {
  const api = await start({
    createMs: 60_000,
    faults: [
      {path: '/v2/regions', kind: 'hang'},
      {path: '/v2/sizes', kind: 'slow', ms: 60_000},
    ],
  });
  await api.create();
  const [droplet] = api.droplets();
  const waiting = Promise.allSettled([api.get('/v2/regions'), api.get('/v2/sizes')]);
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });

  const startedAt = performance.now();
  await api.close();

  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect((await waiting).map(({status}) => status)).toEqual(['rejected', 'rejected']);
  expect(droplet!.power.signal.aborted).toBe(true);
  await expect(api.get('/v2/account')).rejects.toThrow('fetch failed');
});

test('survives a body that is no JSON', async () => {
  await using api = await start();

  const response = await fetch(`${api.url}/v2/droplets`, {
    method: 'POST',
    headers: {authorization: `Bearer ${api.token}`},
    body: '{not json',
  });

  expect(response.status).toBe(422);
  expect(api.requests[0]!.body).toBe('{not json');
  expect((await api.create(standard)).status).toBe(202);
});
