import {randomBytes} from 'node:crypto';
import type {Clock} from '../clock.js';
import {createFaults, type Faults} from '../ci-faults.js';
import {unknown} from './api-error.js';
import type {Client} from './certificate.js';
import type {TaskclusterSettings} from './options.js';

export type ProviderType = 'static' | 'aws' | 'google' | 'azure';

export type Pool = {
  readonly workerPoolId: string;
  providerId: string;
  config: {
    lifecycle?: {reregistrationTimeout?: number};
    workerConfig?: Record<string, unknown>;
    launchConfigs?: ReadonlyArray<{workerConfig?: Record<string, unknown>}>;
  } & Record<string, unknown>;
  readonly created: number;
};

export type WorkerName = {
  readonly workerPoolId: string;
  readonly workerGroup: string;
  readonly workerId: string;
};

/** A worker as the database holds it; times are emulated milliseconds. */
export type Row = WorkerName & {
  readonly providerId: string;
  state: 'running' | 'stopped';
  capacity: number;
  readonly created: number;
  expires: number;
  lastModified: number;
  lastChecked: number;
  /** In clear text, as the real database has it. */
  staticSecret: string | undefined;
  /** For the next reregistration, once. */
  secret: string | undefined;
  /** Why it should terminate, if it should. */
  terminateReason: string | undefined;
};

export type ReportedError = {
  readonly workerPoolId: string;
  readonly errorId: string;
  readonly reported: string;
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly extra: Record<string, unknown>;
};

export type World = {
  readonly clock: Clock;
  readonly settings: TaskclusterSettings;
  readonly clients: Map<string, Client>;
  readonly providers: ReadonlyMap<string, ProviderType>;
  readonly pools: Map<string, Pool>;
  readonly rows: Map<string, Row>;
  /** When the queue last saw a worker, by the same keys. */
  readonly lastActive: Map<string, number>;
  readonly secrets: Map<string, {secret: Record<string, unknown>; expires: number}>;
  readonly errors: ReportedError[];
  readonly faults: Faults;
  nextScanAt: number;
};

/** The worker-manager's own client, with which it makes the workers' credentials. */
export const issuer = 'static/taskcluster/worker-manager';

const dayMs = 24 * 3600 * 1000;

/** A Taskcluster with its clients and pools, without workers; throws for a pool whose provider is not there. */
export function createWorld(clock: Clock, settings: TaskclusterSettings): World {
  const accessToken =
    settings.taskclusterAccessToken === '' ? madeUpToken() : settings.taskclusterAccessToken;
  const world: World = {
    clock,
    settings,
    clients: new Map([
      [issuer, {accessToken: madeUpToken(), scopes: ['*']}],
      [settings.taskclusterClientId, {accessToken, scopes: ['*']}],
      ...settings.taskclusterClients.map((line) => parseClient(line)),
    ]),
    providers: new Map(
      settings.workerProviders.map((line) => parsePair(line) as [string, ProviderType]),
    ),
    pools: new Map(),
    rows: new Map(),
    lastActive: new Map(),
    secrets: new Map(),
    errors: [],
    faults: createFaults(settings.faults),
    nextScanAt: clock.now() + settings.scanMs,
  };

  for (const line of settings.workerPools) {
    const [workerPoolId, providerId] = parsePair(line);
    addPool(world, workerPoolId, {providerId});
  }

  return world;
}

/** Adds a worker pool, or replaces the one of that id; throws when its provider is not there. */
export function addPool(
  {pools, providers, clock}: World,
  workerPoolId: string,
  {providerId, config = {}}: {providerId: string; config?: Pool['config'] | undefined},
): void {
  if (!providers.has(providerId)) {
    throw new Error(`No provider ${providerId}`);
  }

  pools.set(workerPoolId, {workerPoolId, providerId, config, created: clock.now()});
}

/** A worker's name as rows are keyed by and scopes end with: `<pool>/<group>/<id>`. */
export const keyOf = ({workerPoolId, workerGroup, workerId}: WorkerName) =>
  `${workerPoolId}/${workerGroup}/${workerId}`;

/** The pool of that id; throws the 404 when there is none. */
export function poolOf({pools}: World, workerPoolId: string): Pool {
  const pool = pools.get(workerPoolId);
  if (pool === undefined) {
    throw unknown(`Worker pool ${workerPoolId}`);
  }

  return pool;
}

/** The worker of that name, stopped ones too; throws the 404 when there is none. */
export function rowOf({rows}: World, name: WorkerName): Row {
  const row = rows.get(keyOf(name));
  if (row === undefined) {
    throw unknown(`Worker ${keyOf(name)}`);
  }

  return row;
}

/** What the services do by themselves, caught up with before each look at the world. */
export function advance(world: World): void {
  const {clock, rows, settings} = world;
  const now = clock.now();
  const isScanDue = settings.scanMs > 0 && now >= world.nextScanAt;
  if (isScanDue) {
    world.nextScanAt = now + settings.scanMs;
  }

  for (const [key, row] of rows) {
    if (row.state === 'stopped') {
      if (row.expires < now) {
        rows.delete(key);
      }
    } else if (isScanDue) {
      row.lastChecked = now;
      // The expiry of a worker that was not removed is pushed for ever: it is no limit to its life.
      if (row.expires < now + 7 * dayMs) {
        row.expires = now + 8 * dayMs;
      }
    }
  }
}

const madeUpToken = () => randomBytes(33).toString('base64url');

function parsePair(line: string): [string, string] {
  const [name = '', value = ''] = line.split('=', 2);
  return [name, value];
}

function parseClient(line: string): [string, Client] {
  const [clientId = '', accessToken, ...scopes] = line.trim().split(/\s+/v);
  if (accessToken === undefined) {
    throw new Error(`client ${JSON.stringify(line)} is not "clientId accessToken scope scope"`);
  }

  return [clientId, {accessToken, scopes}];
}
