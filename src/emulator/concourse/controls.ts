import type {Fault} from '../ci-faults.js';
import {advance} from './lifecycle.js';
import type {Row, Worker, World} from './world.js';

export type WorkerRow = Worker & Omit<Row, 'worker'>;

export type Controls = {
  workers(): WorkerRow[];
  /** A row that nothing keeps alive; it never expires unless `ttlMs` is given. */
  addWorker(worker: Partial<Worker> & {name: string}, ttlMs?: number): void;
  /** Containers of unfinished builds: while there are any, the worker neither retires nor lands. */
  setUnfinishedContainers(name: string, count: number): void;
  expireTokens(): void;
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** How many requests faults have spoiled, the TSA's own among them. */
  spoiled(): number;
};

/** What a test does to the world behind the API's back. */
export function controlsOf(world: World): Controls {
  return {
    workers() {
      advance(world);
      return Array.from(world.rows.values(), ({worker, ...row}) => ({...worker, ...row}));
    },
    addWorker(worker, ttlMs) {
      const now = world.clock.now();
      world.rows.set(worker.name, {
        worker: {...plainWorker(world, Math.floor(now / 1000)), ...worker},
        expiresAt: ttlMs === undefined ? undefined : now + ttlMs,
        unfinishedContainers: 0,
        registersAgain: false,
      });
    },
    setUnfinishedContainers(name, count) {
      const row = world.rows.get(name);
      if (!row) {
        throw new Error(`No worker ${name}`);
      }

      row.unfinishedContainers = count;
    },
    expireTokens() {
      for (const token of world.tokens.values()) {
        token.expiresAt = 0;
      }
    },
    addFault(fault) {
      world.faults.add(fault);
    },
    clearFaults() {
      world.faults.clear();
    },
    spoiled: () => world.faults.count(),
  };
}

function plainWorker({release}: World, startSeconds: number): Omit<Worker, 'name'> {
  return {
    addr: '127.0.0.1:7777',
    baggageclaim_url: 'http://127.0.0.1:7788',
    active_containers: 0,
    active_volumes: 0,
    active_tasks: 0,
    ...(release.wantsBody && {max_active_tasks: 0}),
    resource_types: [],
    platform: 'linux',
    tags: null,
    team: '',
    version: release.workerVersion,
    start_time: startSeconds,
    ephemeral: false,
    state: 'running',
  };
}
