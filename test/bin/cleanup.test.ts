import {mkdtemp, readdir, readFile, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import type {Cleanup} from '../../src/workers/cleanup.js';
import type {Decision} from '../../src/workers/cleanup-decisions.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {environmentOf, run} from '../support/run.js';
import {ourTags} from '../support/tags.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';

/** A droplet of ours that lives for an hour. */
function droplet({concourse}: Emulator, workerName: string, ageSeconds: number) {
  return {
    name: `${workerName}-b1-abcdefgh`,
    ageSeconds,
    tags: ourTags(ciIdOf(concourse.url), workerName),
  };
}

/** The values of a file for Prometheus, by metric and label. */
async function metricsIn(file: string): Promise<Record<string, number>> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.split(' ') as [string, string])
      .map(([metric, value]) => [metric.replace('do_worker_cleanup_', ''), Number(value)]),
  );
}

test('tells Prometheus what it did, and when it last left nothing', async () => {
  await using emulator = await startEmulator();
  const expired = droplet(emulator, 'old', 7200);
  emulator.digitalOcean.add(expired);
  const environment = await environmentOf(emulator);
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));
  const metrics = path.join(folder, 'do-worker.prom');
  const cleanup = ['cleanup', '--metrics', metrics];

  const all = await run(cleanup, environment);
  const first = await metricsIn(metrics);
  emulator.digitalOcean.add(expired);
  const none = await run([...cleanup, '--max-deletes', '0'], environment);
  const second = await metricsIn(metrics);

  expect([all.code, none.code]).toEqual([0, 1]);
  expect(first).toMatchObject({
    'deleted{kind="concourse"}': 1,
    'skipped{kind="concourse"}': 0,
    'left{kind="concourse"}': 0,
    'unknown{kind="concourse"}': 0,
  });
  expect(first['api_calls{kind="concourse"}']).toBeGreaterThan(2);
  expect(second).toMatchObject({'deleted{kind="concourse"}': 0, 'left{kind="concourse"}': 1});
  const success = 'last_success_timestamp_seconds{kind="concourse"}';
  expect(first[success]).toBe(first['last_run_timestamp_seconds{kind="concourse"}']);
  expect(second[success]).toBe(first[success]);
  expect(await readdir(folder)).toEqual(['do-worker.prom']);
});

test('tells Prometheus of a run that could not see anything', async () => {
  await using emulator = await startEmulator();
  const environment = await environmentOf(emulator);
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));
  const metrics = path.join(folder, 'do-worker.prom');
  const cleanup = ['cleanup', '--metrics', metrics];
  await run(cleanup, environment);
  const first = await metricsIn(metrics);
  const file = await stat(metrics);

  const refused = await run(cleanup, {...environment, DIGITALOCEAN_ACCESS_TOKEN: 'dop_v1_wrong'});
  const second = await metricsIn(metrics);

  const success = 'last_success_timestamp_seconds{kind="concourse"}';
  expect([first['unknown{kind="concourse"}'], refused.code]).toEqual([0, 1]);
  expect(second['unknown{kind="concourse"}']).toBe(1);
  expect(second[success]).toBe(first[success]);
  expect((await stat(metrics)).ino).not.toBe(file.ino);
  expect(await readdir(folder)).toEqual(['do-worker.prom']);
});

test('a dry run writes no metrics, for it has deleted nothing', async () => {
  await using emulator = await startEmulator();
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));

  const {code} = await run(
    ['cleanup', '--dry-run', '--metrics', path.join(folder, 'do-worker.prom')],
    await environmentOf(emulator),
  );

  expect(code).toBe(0);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['15 minutes', [], 900],
  ['as --grace says', ['--grace', '40m'], 2400],
])('a droplet may take %s until the CI server knows its worker', async (_, grace, graceSeconds) => {
  await using emulator = await startEmulator({teams: ['other'], users: ['some:some:dev=member']});
  emulator.digitalOcean.add(
    droplet(emulator, 'booting', graceSeconds - 60),
    droplet(emulator, 'lost', graceSeconds + 5),
  );

  const {stdout} = await run(['cleanup', ...grace, '--json'], {
    ...(await environmentOf(emulator)),
    // It does not see all teams, so that nothing is deleted, which would take a second look.
    DO_WORKER_CONCOURSE_USERNAME: 'some',
    DO_WORKER_CONCOURSE_PASSWORD: 'some',
  });

  const {decisions} = JSON.parse(stdout) as Cleanup;
  expect(Object.fromEntries(decisions.map(({name, reason}) => [name, reason]))).toEqual({
    'booting-b1-abcdefgh': 'within its boot grace',
    'lost-b1-abcdefgh': expect.stringMatching(/^not listed/v),
  });
});

test('--name leaves droplets of all other names alone', async () => {
  await using emulator = await startEmulator();
  emulator.digitalOcean.add(
    droplet(emulator, 'build', 7200),
    droplet(emulator, 'build-arm', 7200),
    droplet(emulator, 'shop', 7200),
  );

  const {code} = await run(['cleanup', '--name', 'build'], await environmentOf(emulator));

  expect(code).toBe(0);
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([
    'build-arm-b1-abcdefgh',
    'shop-b1-abcdefgh',
  ]);
});

test('JSON tells of each droplet, stale worker and unused tag what became of it, and why', async () => {
  await using emulator = await startEmulator();
  emulator.digitalOcean.add(
    droplet(emulator, 'expired', 7200),
    {...droplet(emulator, 'off', 2000), status: 'off'},
    droplet(emulator, 'busy', 2000),
  );
  emulator.concourse.addWorker({name: 'busy-b1-abcdefgh', tags: ['busy']});
  emulator.concourse.addWorker({name: 'gone-b1-abcdefgh', tags: ['gone'], state: 'stalled'});

  const {stdout} = await run(['cleanup', '--json'], await environmentOf(emulator));

  const {decisions, counts} = JSON.parse(stdout) as Cleanup;
  expect(counts).toEqual({deleted: 2, kept: 1, left: 0, unknown: 0});
  const told = ({what, name, action, reason}: Decision) => `${what} ${name} ${action}: ${reason}`;
  expect(decisions.map((decision) => told(decision)).toSorted()).toEqual([
    'droplet busy-b1-abcdefgh keep: listed as running',
    'droplet expired-b1-abcdefgh deleted: expired',
    'droplet off-b1-abcdefgh deleted: switched off',
    'tag do-worker:name:expired deleted: no droplet carries it',
    'tag do-worker:name:off deleted: no droplet carries it',
    'worker gone-b1-abcdefgh deleted: stalled, without a droplet',
  ]);
});

test('a name that no worker can have is a wrong use, not an account with nothing to clean', async () => {
  await using emulator = await startEmulator();
  const environment = await environmentOf(emulator);

  for (const name of ['', 'no name']) {
    const {code, stderr} = await run(['cleanup', '--name', name], environment);

    expect(code).toBe(2);
    expect(stderr).toContain(`Worker name "${name}" is not a host name label`);
  }
});

test('the metrics of two kinds differ, for they are read as one', async () => {
  await using emulator = await startEmulator();
  const environment = await environmentOf(emulator);
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));

  const metrics: string[] = [];
  for (const kind of ['concourse', 'taskcluster']) {
    const file = path.join(folder, `${kind}.prom`);
    await run(['cleanup', '--kind', kind, '--metrics', file], environment);
    metrics.push(...Object.keys(await metricsIn(file)));
  }

  expect(metrics.length).toBeGreaterThan(10);
  expect(new Set(metrics).size).toBe(metrics.length);
});

test('metrics that cannot be written are an error, after the cleanup is done', async () => {
  await using emulator = await startEmulator();

  const {code, stdout, stderr} = await run(
    ['cleanup', '--metrics', '/nonexistent/do-worker.prom'],
    await environmentOf(emulator),
  );

  expect(code).toBe(1);
  expect(stdout).toContain('deleted: 0, kept: 0');
  expect(stderr).toContain(
    'The cleanup is done, but /nonexistent/do-worker.prom cannot be written',
  );
});
