import {connect, request, startQuick} from '../support/connect.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import type {Row} from './start-up.js';

/** What one create and one destroy ask of DigitalOcean, and what waiting costs, for some sizes of a fleet. */
export async function callRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [1, 10, 100]) {
    await using emulator = await startQuick({
      timeScale: 20,
      dropletLimit: 1000,
      createMs: 6000,
      bootMs: 20_000,
    });
    const {context} = await connect(emulator);
    const {requests} = emulator.digitalOcean;
    let listedAt = 0;
    const watching = setInterval(() => {
      if (listedAt === 0 && emulator.concourse.workers().length === count) {
        listedAt = emulator.clock.now();
      }
    }, 2);

    const {seconds} = await createWorkers(await request({count}), context);
    clearInterval(watching);
    const lag = (emulator.clock.now() - listedAt) / 1000;
    const polls = requests.filter(({path}) => path.includes('tag_name=')).length;
    const calls = requests.length - polls;
    const waited = (seconds.active ?? 0) + (seconds.booting ?? 0);
    requests.length = 0;
    await destroyWorkers({workerName: 'build-arm', drainSeconds: 0, dryRun: false}, context);

    const posts = Math.ceil(count / 10);
    const isLimitAsked = count > 3;
    rows.push(
      row(`create ${count}: calls besides polling`, calls, 2 + posts + (isLimitAsked ? 1 : 0)),
      row(`create ${count}: listings a 5 s interval`, round(polls / Math.floor(waited / 5 + 1)), 1),
      // One interval of 2 s, and the time of the call itself, 20 times as long as on a clock.
      row(`create ${count}: seconds from the last worker listed to the end`, round(lag), 3),
      row(`destroy ${count}: calls`, requests.length, 2 + count),
    );
  }

  return rows;
}

function row(what: string, measured: number, bar: number): Row {
  return {what, measured: String(measured), bar: String(bar), isHeld: measured <= bar};
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
