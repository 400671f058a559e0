import {expect, test} from '@jest/globals';
import {startEmulator} from '../../../src/emulator/server.js';
import {standard, until} from './start.js';

test('tells a shell how to reach all services', async () => {
  await using emulator = await startEmulator();

  const {environment, digitalOcean, concourse, taskcluster} = emulator;

  expect(environment).toEqual({
    DIGITALOCEAN_ACCESS_TOKEN: digitalOcean.token,
    DO_WORKER_DIGITALOCEAN_URL: digitalOcean.url,
    DO_WORKER_CONCOURSE_URL: concourse.url,
    DO_WORKER_CONCOURSE_USERNAME: concourse.username,
    DO_WORKER_CONCOURSE_PASSWORD: concourse.password,
    DO_WORKER_TSA_HOST: concourse.tsaHost,
    DO_WORKER_TSA_PORT: String(concourse.tsaPort),
    TASKCLUSTER_ROOT_URL: taskcluster.url,
    TASKCLUSTER_CLIENT_ID: taskcluster.clientId,
    TASKCLUSTER_ACCESS_TOKEN: taskcluster.accessToken,
    DO_WORKER_WORKER_POOL: 'demo/pool',
  });
  const info = await fetch(`${environment.DO_WORKER_CONCOURSE_URL}/api/v1/info`);
  expect(await info.json()).toMatchObject({external_url: concourse.url});
});

test('starts with what its seed says, and options go before the switches of the seed', async () => {
  await using emulator = await startEmulator({
    seed: {
      droplets: [{name: 'database', tags: ['prod']}],
      switches: {dropletLimit: 3, createMs: 7, username: 'sammy', timeScale: 20},
    },
    createMs: 9,
  });

  const {digitalOcean, concourse, clock} = emulator;

  expect(digitalOcean.droplets().map(({name}) => name)).toEqual(['database']);
  expect(digitalOcean.settings).toMatchObject({dropletLimit: 3, createMs: 9});
  expect([concourse.username, clock.scale]).toEqual(['sammy', 20]);
});

test('shows on the console of a droplet why it became no worker', async () => {
  await using emulator = await startEmulator({createMs: 1, bootMs: 1});
  const {url, token} = emulator.digitalOcean;

  await fetch(`${url}/v2/droplets`, {
    method: 'POST',
    headers: {authorization: `Bearer ${token}`},
    body: JSON.stringify({...standard, user_data: 'not a cloud-config'}),
  });
  const [droplet] = await until(
    async () => emulator.digitalOcean.droplets(),
    (droplets) => droplets[0]!.console.length > 0,
  );

  expect(droplet!.console[0]).toContain('#cloud-config');
});

test('takes the ports it is given and frees them when it closes', async () => {
  const first = await startEmulator();
  const ports = {
    digitalOcean: Number(new URL(first.digitalOcean.url).port),
    concourse: Number(new URL(first.concourse.url).port),
    tsa: first.concourse.tsaPort,
    taskcluster: Number(new URL(first.taskcluster.url).port),
  };
  await first.close();

  await using second = await startEmulator({ports});

  expect(second.digitalOcean.url).toBe(first.digitalOcean.url);
  expect(second.taskcluster.url).toBe(first.taskcluster.url);
  expect([second.concourse.url, second.concourse.tsaPort]).toEqual([
    first.concourse.url,
    ports.tsa,
  ]);
});

test('leaves no listener behind when a part cannot start', async () => {
  await using first = await startEmulator();
  const taken = Number(new URL(first.digitalOcean.url).port);

  await expect(startEmulator({ports: {digitalOcean: taken}})).rejects.toThrow('EADDRINUSE');
});

test('holds a thousand droplets and lists them all', async () => {
  const droplets = Array.from({length: 1200}, (_, index) => ({name: `w-${index}`, tags: ['ci']}));
  await using emulator = await startEmulator({seed: {droplets}});
  const {url, token} = emulator.digitalOcean;

  const pages = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async (page) => {
      const query = `tag_name=ci&per_page=200&page=${page}`;
      const headers = {authorization: `Bearer ${token}`};
      const response = await fetch(`${url}/v2/droplets?${query}`, {headers});
      return (await response.json()) as {droplets: unknown[]};
    }),
  );

  expect(pages.flatMap((page) => page.droplets)).toHaveLength(1200);
});
