import type {Clock} from '../clock.js';
import {createFaults, type Faults} from '../ci-faults.js';
import type {ConcourseSettings} from './options.js';
import {profileVersion, type Release, releaseOf} from './releases.js';
import {parseRoles, parseUser, type User} from './users.js';

export type WorkerState = 'running' | 'stalled' | 'landing' | 'landed' | 'retiring';

/** A worker as the API shows it. */
export type Worker = {
  addr: string;
  baggageclaim_url: string;
  http_proxy_url?: string;
  https_proxy_url?: string;
  no_proxy?: string;
  active_containers: number;
  active_volumes: number;
  active_tasks: number;
  max_active_tasks?: number;
  resource_types: unknown[];
  platform: string;
  /** Null for none. */
  tags: string[] | null;
  team: string;
  name: string;
  version: string;
  start_time: number;
  ephemeral: boolean;
  state: WorkerState;
};

/** A worker as the database holds it. */
export type Row = {
  worker: Worker;
  /** Emulated milliseconds since the epoch; undefined never expires. */
  expiresAt: number | undefined;
  /** Containers of unfinished builds of non-interruptible jobs: they hold up retiring and landing. */
  unfinishedContainers: number;
  registersAgain: boolean;
};

/** A worker that a TSA connection keeps alive: one look at `nextAt` per tick, no timer of its own. */
export type Beat = {
  nextAt: number;
  beat(now: number): void;
};

export type Token = {user: User | 'system'; expiresAt: number};

export type World = {
  readonly clock: Clock;
  readonly settings: ConcourseSettings;
  readonly release: Release;
  readonly ttlMs: number;
  readonly users: readonly User[];
  readonly teams: ReadonlySet<string>;
  readonly faults: Faults;
  readonly rows: Map<string, Row>;
  readonly tokens: Map<string, Token>;
  readonly beats: Set<Beat>;
  nextGcAt: number;
  reads: number;
  reregistrations: number;
};

/** A Concourse without workers; throws for a profile or a version that it does not know. */
export function createWorld(clock: Clock, settings: ConcourseSettings): World {
  const {username, password, roles} = settings;
  const users = [
    {username, password, teams: parseRoles(roles)},
    ...settings.users.map((text) => parseUser(text)),
  ];
  const teams = new Set(['main', ...settings.teams, ...settings.teamKeys]);
  for (const user of users) {
    for (const team of Object.keys(user.teams)) {
      teams.add(team);
    }
  }

  return {
    clock,
    settings,
    release: releaseOf(
      settings.version === '' ? profileVersion(settings.profile) : settings.version,
    ),
    ttlMs: settings.ttlMs === 0 ? 2 * settings.heartbeatMs : settings.ttlMs,
    users,
    teams,
    faults: createFaults(settings.faults),
    rows: new Map(),
    tokens: new Map(),
    beats: new Set(),
    nextGcAt: clock.now() + settings.gcMs,
    reads: 0,
    reregistrations: settings.reregistrations,
  };
}
