import {hasEffect, isCut} from '../ci-faults.js';
import {parseRegistration} from './registration.js';
import type {Row, World} from './world.js';

export type Reply = {readonly status: 200 | 400 | 404 | 500 | 502; readonly body?: unknown};

const ok: Reply = {status: 200};

/** Removes a row that is not running; a running one is a 400, an unknown one a 404. */
export function pruneWorker(world: World, name: string): Reply {
  const row = world.rows.get(name);
  if (!row) {
    return {status: 404};
  }

  if (row.registersAgain) {
    row.registersAgain = false;
    row.worker.state = 'running';
    row.expiresAt = expiry(world, world.ttlMs);
  }

  if (row.worker.state === 'running') {
    return {status: 400, body: {stderr: 'cannot prune running worker'}};
  }

  world.rows.delete(name);
  return ok;
}

/** From any state to `landing`, but a landed one stays as it is; an unknown one is a 404. */
export function landWorker(world: World, name: string): Reply {
  const row = world.rows.get(name);
  if (!row) {
    return {status: 404};
  }

  if (row.worker.state !== 'landed') {
    row.worker.state = 'landing';
  }

  return ok;
}

/** From any state to `retiring`, until a GC pass removes the row; an unknown one is a 404. */
export function retireWorker(world: World, name: string): Reply {
  const row = world.rows.get(name);
  if (!row) {
    return {status: 404};
  }

  row.worker.state = 'retiring';
  if (world.reregistrations > 0) {
    world.reregistrations--;
    row.registersAgain = true;
  }

  return ok;
}

/** Removes a row at once, whatever its state; an unknown one is a 500. */
export function deleteWorker(world: World, name: string): Reply {
  return world.rows.delete(name) ? ok : {status: 500};
}

/** Keeps a row alive; never brings a deleted one back. */
export function heartbeatWorker(world: World, name: string, ttlMs: number): Reply {
  const row = world.rows.get(name);
  if (!row) {
    return {status: 404};
  }

  row.expiresAt = expiry(world, ttlMs);
  if (row.worker.state === 'stalled') {
    row.worker.state = 'running';
  }

  return {status: 200, body: row.worker};
}

/** Makes a row or takes one over: the state becomes running, whatever it was. */
export function registerWorker(world: World, registration: unknown, ttlMs: number): Reply {
  const worker = parseRegistration(registration);
  if (worker === undefined || typeof worker === 'string') {
    return {status: 400, body: worker};
  }

  if (worker.team !== '' && !world.teams.has(worker.team)) {
    return {status: 400};
  }

  const known = world.rows.get(worker.name);
  if (known && known.worker.team !== worker.team) {
    return {status: 500};
  }

  if (world.settings.registerVersion !== '') {
    worker.version = world.settings.registerVersion;
  }

  if (world.release.wantsBody) {
    worker.max_active_tasks ??= 0;
  }

  const row: Row = {
    worker,
    expiresAt: expiry(world, ttlMs),
    unfinishedContainers: known?.unfinishedContainers ?? 0,
    registersAgain: false,
  };
  world.rows.set(worker.name, row);
  return ok;
}

/** From 8.3 on, land, retire and delete act only when the body names the worker's own team. */
export function actForTeam(
  world: World,
  name: string,
  team: string | undefined,
  act: (world: World, name: string) => Reply,
): Reply {
  if (world.release.wantsBody) {
    if (team === undefined) {
      return {status: 400};
    }

    const row = world.rows.get(name);
    if (row && row.worker.team !== team) {
      return {status: 400};
    }
  }

  return act(world, name);
}

/** The TSA's own request to the ATC: the same faults, no way over HTTP. */
export function askAtc(world: World, method: string, path: string, act: () => Reply): Reply {
  const fault = world.faults.take(method, path);
  if (fault === undefined) {
    return act();
  }

  const reply = hasEffect(fault) ? act() : undefined;
  return (isCut(fault) ? undefined : reply) ?? {status: 502};
}

function expiry(world: World, ttlMs: number): number | undefined {
  return ttlMs === 0 ? undefined : world.clock.now() + ttlMs;
}
