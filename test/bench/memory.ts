import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {environmentOf} from '../support/run.js';
import {ourTags} from '../support/tags.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';
import {ciIdOf} from '../../src/workers/identity.js';
import type {Row} from './start-up.js';

const count = 1000;
const barMiB = 200;
const executable = path.join(import.meta.dirname, '../bin/do-worker.js');

/** The peak memory of commands for a thousand workers; those that limits make wait for minutes do so side by side. */
export async function memoryRows(): Promise<Row[]> {
  const create = ['create', 'build-arm', '--count', String(count)];
  return [
    await memoryRow(create),
    ...(await Promise.all([
      memoryRow([...create, '--kind', 'taskcluster']),
      memoryRow(['destroy', 'build-arm'], addExpired),
      memoryRow(['cleanup', '--max-deletes', String(count)], addExpired),
    ])),
  ];
}

/** Of the real command line, as the kernel counts it; in real time, for a quicker clock collects less garbage. */
async function memoryRow(command: string[], seed?: (emulator: Emulator) => void): Promise<Row> {
  await using emulator = await startEmulator({
    dropletLimit: 2000,
    createMs: 10,
    bootMs: 2000,
    simulateRunner: true,
  });
  seed?.(emulator);
  const child = spawn(process.execPath, [executable, ...command, '--json'], {
    env: {PATH: process.env.PATH, ...(await environmentOf(emulator))},
    stdio: 'ignore',
  });
  let peak = 0;
  const watching = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Number(/^VmHWM:\s+(?<kib>\d+)/mv.exec(status)?.groups?.kib ?? 0) / 1024 || peak;
    } catch {
      // It has ended.
    }
  }, 50);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(watching);
  const what = command.join(' ');
  if (code !== 0) {
    throw new Error(`${what} ended with ${code}`);
  }

  return {
    what: `${what}: peak memory, MiB`,
    measured: peak.toFixed(0),
    bar: String(barMiB),
    isHeld: peak <= barMiB,
  };
}

/** Workers whose droplets have outlived their hour. */
function addExpired({digitalOcean, concourse}: Emulator): void {
  const tags = ourTags(ciIdOf(concourse.url));
  for (let index = 0; index < count; index++) {
    const name = `build-arm-b1-${String(index).padStart(8, '0')}`;
    digitalOcean.add({name, tags, ageSeconds: 7200});
    concourse.addWorker({name, tags: ['build-arm'], state: 'stalled'});
  }
}
