import {connect, request, startQuick, taskclusterRequest} from '../support/connect.js';
import type {Emulator} from '../../src/emulator/server.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import type {Row} from './start-up.js';

const count = 1000;

/** A thousand workers under DigitalOcean's limits, in emulated time, against the floor that the limits set. */
export async function fleetRows(): Promise<Row[]> {
  await using emulator = await startQuick({timeScale: 10, dropletLimit: 2000, bootMs: 20_000});
  const {context} = await connect(emulator);
  const {requests} = emulator.digitalOcean;
  await createWorkers(await request({count, timeoutSeconds: 3600}), context);
  const created = requests.length;
  const startedAt = emulator.clock.now();
  await destroyWorkers({workerName: 'build-arm', drainSeconds: 0, dryRun: false}, context);

  const seconds = secondsSince(startedAt, emulator);
  const sent = requests.length - created;
  const floor = floorOf(sent);
  const refused = requests.filter(({status}) => status === 429).length;
  return [
    row(`create ${count}: calls, polling included`, created, 500),
    row(`destroy ${count}: calls`, sent, count + 20),
    row(`destroy ${count}: time against the floor of ${floor} s`, seconds / floor, 1.2),
    row(`create and destroy ${count}: answers 429`, refused, 0),
    ...(await taskclusterRows()),
  ];
}

/** Each worker has a secret of its own, and so a POST of its own, which the limits slow. */
async function taskclusterRows(): Promise<Row[]> {
  await using emulator = await startQuick({timeScale: 10, dropletLimit: 2000, bootMs: 20_000});
  const {context} = await connect(emulator, {kind: 'taskcluster'});
  const {requests} = emulator.digitalOcean;
  const startedAt = emulator.clock.now();
  await createWorkers(await taskclusterRequest({count, timeoutSeconds: 3600}), context);

  const seconds = secondsSince(startedAt, emulator);
  const floor = floorOf(requests.length);
  const refused = requests.filter(({status}) => status === 429).length;
  return [
    row(`create ${count} for Taskcluster: calls, polling included`, requests.length, count + 100),
    // The last of them has yet to boot.
    row(
      `create ${count} for Taskcluster: time against the floor of ${floor} s`,
      seconds / floor,
      1.2,
    ),
    row(`create ${count} for Taskcluster: answers 429`, refused, 0),
  ];
}

function secondsSince(startedAt: number, {clock}: Emulator): number {
  return (clock.now() - startedAt) / 1000;
}

/** The least seconds that so many calls take under 250 a minute, sliding, of which none has been used yet. */
function floorOf(calls: number): number {
  return Math.floor((calls - 1) / 250) * 60;
}

function row(what: string, measured: number, bar: number): Row {
  const rounded = Math.round(measured * 100) / 100;
  return {what, measured: String(rounded), bar: String(bar), isHeld: rounded <= bar};
}
