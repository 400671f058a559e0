import {mkdtemp, readdir, readFile, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {ciIdOf} from '../../src/workers/identity.js';
import {environmentOf, run} from '../support/run.js';
import {startEmulator} from '../../src/emulator/server.js';

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
  const expired = {
    name: 'old-b1-abcdefgh',
    ageSeconds: 7200,
    tags: [
      'do-worker',
      'do-worker:kind:concourse',
      `do-worker:ci:${ciIdOf(emulator.concourse.url)}`,
      'do-worker:name:old',
      'do-worker:ttl:3600',
    ],
  };
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
