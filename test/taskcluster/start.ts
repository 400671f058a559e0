import {createClock, type Clock} from '../../src/emulator/clock.js';
import type {TaskclusterOptions as EmulatorOptions} from '../../src/emulator/taskcluster/options.js';
import {startTaskcluster, type TaskclusterEmulator} from '../../src/emulator/taskcluster/server.js';
import {Secrets} from '../../src/taskcluster/secrets.js';
import type {TaskclusterOptions} from '../../src/taskcluster/service.js';
import {WorkerManager} from '../../src/taskcluster/worker-manager.js';

export const pool = 'do/ci';
export const worker = {workerPoolId: pool, workerGroup: 'nyc3', workerId: 'w-1'};
export const staticSecret = 'abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP_';
export const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
export const definition = () => ({expires: inAnHour(), providerInfo: {staticSecret}});
export const registration = (systemBootTime?: string) => ({
  ...worker,
  providerId: 'digitalocean',
  workerIdentityProof: {staticSecret},
  ...(systemBootTime !== undefined && {systemBootTime}),
});

/** An emulator with the static pool `do/ci`. */
export async function start(
  options: EmulatorOptions = {},
  clock: Clock = createClock(),
): Promise<TaskclusterEmulator> {
  return startTaskcluster({
    clock,
    options: {workerPools: [`${pool}=digitalocean`], ...options},
  });
}

const asRoot = ({clientId, accessToken}: TaskclusterEmulator) => ({clientId, accessToken});

export function managerOf(
  emulator: TaskclusterEmulator,
  options: Partial<TaskclusterOptions> = {},
): WorkerManager {
  return new WorkerManager({
    rootUrl: emulator.url,
    credentials: asRoot(emulator),
    secondMs: 5,
    ...options,
  });
}

export function secretsOf(
  emulator: TaskclusterEmulator,
  options: Partial<TaskclusterOptions> = {},
): Secrets {
  return new Secrets({
    rootUrl: emulator.url,
    credentials: asRoot(emulator),
    secondMs: 5,
    ...options,
  });
}

/** The error of a call that must fail. */
export async function failure<E = Error>(call: Promise<unknown>): Promise<E> {
  try {
    await call;
  } catch (error) {
    return error as E;
  }

  throw new Error('it succeeded');
}
