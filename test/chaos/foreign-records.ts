import type {Emulator} from '../../src/emulator/server.js';

const daySeconds = 86_400;

/** Static workers that look like ours to somebody careless, and are not; seconds ago they last asked for work. */
const foreign = [
  // Named by hand, and off for a day.
  {workerGroup: 'ams3', workerId: 'builder-1', silentSeconds: daySeconds},
  // With the form of our names, but in no region.
  {workerGroup: 'rack-7', workerId: 'a-r1-abcdefg0', silentSeconds: daySeconds},
  // Of another account that uses the pool too.
  {workerGroup: 'ams3', workerId: 'a-b-r1-theirs00', silentSeconds: 60},
  {workerGroup: 'nyc3', workerId: 'a-r2-theirs01', silentSeconds: 1800},
] as const;

const otherPool = {workerPoolId: 'other/pool', workerGroup: 'ams3', workerId: 'a-r1-abcdefg9'};

/** Puts them into the emulator, and at wish one of ours whose droplet was never made. */
export function addForeignRecords({taskcluster, clock}: Emulator, hasStaleWorker: boolean) {
  const {pool: workerPoolId} = taskcluster;
  taskcluster.addPool(otherPool.workerPoolId);
  taskcluster.addWorker({...otherPool, created: clock.now() - daySeconds * 1000});
  for (const {silentSeconds, ...name} of foreign) {
    taskcluster.addWorker({...name, workerPoolId, created: clock.now() - daySeconds * 1000});
    taskcluster.setLastActive({...name, workerPoolId}, clock.now() - silentSeconds * 1000);
  }

  if (hasStaleWorker) {
    const name = {workerPoolId, workerGroup: 'ams3', workerId: 'a-r0-zzzzzzz0'};
    taskcluster.addWorker({...name, created: clock.now() - daySeconds * 1000});
  }

  return {
    names: new Set([...foreign, otherPool].map(keyOf)),
    keepActive(seconds: number) {
      for (const {silentSeconds, ...name} of foreign) {
        if (silentSeconds < daySeconds) {
          taskcluster.setLastActive({...name, workerPoolId}, clock.now() + seconds * 1000);
        }
      }
    },
  };
}

export function keyOf({workerGroup, workerId}: {workerGroup: string; workerId: string}): string {
  return `${workerGroup}/${workerId}`;
}
