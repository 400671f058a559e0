import type {Fault} from '../ci-faults.js';
import {randomSecret} from './certificate.js';
import {
  addPool,
  advance,
  keyOf,
  type Pool,
  poolOf,
  type ReportedError,
  type Row,
  rowOf,
  type WorkerName,
  type World,
} from './world.js';

export type Controls = {
  /** Every record, stopped ones too, with its secrets. */
  workers(): Row[];
  /** The errors that workers reported. */
  errors(): readonly ReportedError[];
  /** A pool of the provider `digitalocean` unless another one is named. */
  addPool(
    workerPoolId: string,
    options?: {providerId?: string; config?: Pool['config'] | undefined},
  ): void;
  /** A running static worker of a known pool; resolves with its record. */
  addWorker(worker: WorkerName & Partial<Row>): Row;
  /** Loses the record of a worker, as the database does when it expires. */
  forgetWorker(worker: WorkerName): void;
  /** When the worker last asked the queue for work, in emulated milliseconds. */
  lastActive(worker: WorkerName): number | undefined;
  /** As if the worker had last asked the queue for work at this emulated time. */
  setLastActive(worker: WorkerName, at: number): void;
  /** Says from now on that this worker should terminate. */
  askToTerminate(worker: WorkerName, reason: string): void;
  /** For a year unless `expires`, in emulated milliseconds, says otherwise. */
  setSecret(name: string, secret: Record<string, unknown>, expires?: number): void;
  addClient(clientId: string, accessToken: string, scopes: readonly string[]): void;
  addFault(fault: Fault): void;
  clearFaults(): void;
};

const dayMs = 24 * 3600 * 1000;

/** What a test does to the world behind the API's back. */
export function controlsOf(world: World): Controls {
  const {clock} = world;
  return {
    workers() {
      advance(world);
      return Array.from(world.rows.values(), (row) => ({...row}));
    },
    errors: () => world.errors,
    addPool(workerPoolId, {providerId = 'digitalocean', config} = {}) {
      addPool(world, workerPoolId, {providerId, config});
    },
    addWorker(worker) {
      const now = clock.now();
      const row: Row = {
        providerId: poolOf(world, worker.workerPoolId).providerId,
        state: 'running',
        capacity: 1,
        created: now,
        expires: now + 30 * dayMs,
        lastModified: now,
        lastChecked: now,
        staticSecret: randomSecret(),
        secret: undefined,
        terminateReason: undefined,
        ...worker,
      };
      world.rows.set(keyOf(row), row);
      return {...row};
    },
    forgetWorker(worker) {
      world.rows.delete(keyOf(worker));
    },
    lastActive: (worker) => world.lastActive.get(keyOf(worker)),
    setLastActive(worker, at) {
      world.lastActive.set(keyOf(worker), at);
    },
    askToTerminate(worker, reason) {
      rowOf(world, worker).terminateReason = reason;
    },
    setSecret(name, secret, expires = clock.now() + 365 * dayMs) {
      world.secrets.set(name, {secret, expires});
    },
    addClient(clientId, accessToken, scopes) {
      world.clients.set(clientId, {accessToken, scopes});
    },
    addFault(fault) {
      world.faults.add(fault);
    },
    clearFaults() {
      world.faults.clear();
    },
  };
}
