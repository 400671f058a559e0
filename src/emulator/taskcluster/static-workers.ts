import {ApiError, badInput} from './api-error.js';
import {keyOf, poolOf, type Row, rowOf, type WorkerName, type World} from './world.js';

export type WorkerDefinition = {
  expires: string;
  capacity?: number;
  providerInfo?: {staticSecret: string};
};

/** Makes a worker that counts as running at once. Over an existing one it answers as if, and stores nothing. */
export function createWorker(world: World, name: WorkerName, definition: WorkerDefinition): Row {
  const {providerId} = poolOf(world, name.workerPoolId);
  const {capacity = 1} = definition;
  const expires = futureOf(world, definition);
  if (world.providers.get(providerId) !== 'static') {
    throw badInput(`provider ${providerId} does not support creating workers`);
  }

  const staticSecret = definition.providerInfo?.staticSecret;
  if (staticSecret === undefined) {
    throw badInput('no worker staticSecret provided');
  }

  const now = world.clock.now();
  const row: Row = {
    ...name,
    providerId,
    state: 'running',
    capacity,
    created: now,
    expires,
    lastModified: now,
    lastChecked: now,
    staticSecret,
    secret: undefined,
    terminateReason: undefined,
  };
  const existing = world.rows.get(keyOf(name));
  if (existing === undefined) {
    world.rows.set(keyOf(name), row);
  } else if (existing.state === 'stopped' || existing.capacity !== capacity) {
    throw new ApiError('RequestConflict', 'Worker already exists');
  }

  return row;
}

/** The secret must always be there: the real service fails without it. */
export function updateWorker(world: World, name: WorkerName, definition: WorkerDefinition): Row {
  const {providerId} = poolOf(world, name.workerPoolId);
  const row = rowOf(world, name);
  const expires = futureOf(world, definition);
  if (world.providers.get(providerId) !== 'static') {
    throw badInput(`provider ${providerId} does not support updating workers`);
  }

  if (definition.providerInfo === undefined) {
    throw new ApiError('InternalServerError', 'Internal Server Error');
  }

  return Object.assign(row, {
    expires,
    capacity: definition.capacity ?? row.capacity,
    staticSecret: definition.providerInfo.staticSecret,
    lastModified: world.clock.now(),
  });
}

/** Done again it does nothing more. */
export function removeWorker(world: World, name: WorkerName): void {
  const row = rowOf(world, name);
  if (row.state === 'stopped') {
    return;
  }

  row.state = 'stopped';
  row.lastModified = world.clock.now();
}

function futureOf({clock}: World, {expires}: WorkerDefinition): number {
  const time = Date.parse(expires);
  if (time < clock.now()) {
    throw badInput('expires must be in the future');
  }

  return time;
}
