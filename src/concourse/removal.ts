import {setTimeout as delay} from 'node:timers/promises';
import {ActionableError, ApiError, allChecks, survivable} from '../errors.js';
import type {Concourse} from './client.js';
import {runOnTsa, type TsaCommand, type TsaOptions} from './tsa.js';
import type {Worker} from './types.js';

type Access = {
  client: Concourse;
  tsa: TsaOptions | undefined;
  /** Of workers that cannot be looked up; '' for all teams. */
  team: string;
};

type Listed = Pick<Worker, 'name' | 'team'>;

/** A row whose droplet is gone stalls or vanishes 30 to 100 s later, whoever may remove it. */
const stallSeconds = 180;
const pollSeconds = 5;

/** Asks workers to end their builds and take no new ones. */
export async function retireWorkers(
  names: string[],
  access: Access,
  signal: AbortSignal,
): Promise<void> {
  const {client, tsa} = access;
  if (tsa === undefined) {
    await retireByApi(await known(names, access, signal), client, signal);
    return;
  }

  const {listed, unseen} = await look(names, access, signal);
  let refused: Listed[];
  try {
    refused = await refusedByTsa('retire-worker', [...listed, ...unseen], tsa, signal);
  } catch (error) {
    survivable(error, signal);
    // The API can still do it for those that it lists.
    if (listed.length === 0) {
      throw error;
    }

    await retireByApi(listed, client, signal);
    return;
  }

  const rest = refused.filter((worker) => unseen.includes(worker));
  await allChecks([
    retireByApi(
      refused.filter((worker) => listed.includes(worker)),
      client,
      signal,
    ),
    rest.length === 0 ? Promise.resolve() : Promise.reject(retireRefused(rest)),
  ]);
}

function retireRefused(workers: Listed[]): ActionableError {
  return new ActionableError(
    'RETIRE_REFUSED',
    `The TSA did not retire ${workers.map(({name}) => name).join(', ')}`,
    [
      'The reason is in the log of the Concourse web node; a team key may act on workers of its team only',
    ],
  );
}

async function retireByApi(
  workers: Listed[],
  client: Concourse,
  signal: AbortSignal,
): Promise<void> {
  await allChecks(
    workers.map(async ({name, team}) => unlessGone(client.retireWorker(name, team, signal))),
  );
}

/**
 * Removes workers whose droplets are gone: at once through the TSA, else by retire and prune, else when they stall.
 * Gives the names that are still listed.
 */
export async function removeWorkers(
  names: string[],
  access: Access & {secondMs: number},
  signal: AbortSignal,
): Promise<string[]> {
  const {tsa} = access;
  const {listed, unseen, silence} = await look(names, access, signal);
  let left = unseen;
  if (tsa !== undefined && listed.length + unseen.length > 0) {
    try {
      const refused = await removeByTsa([...listed, ...unseen], tsa, signal);
      left = unseen.filter((worker) => refused.includes(worker));
    } catch (error) {
      survivable(error, signal);
      // The API can still do it for those that it lists, and says more when it cannot.
      if (listed.length === 0) {
        throw error;
      }
    }
  }

  if (left.length > 0 && silence !== undefined) {
    throw silence;
  }

  return [...left, ...(await removeListed(listed, access, signal))].map(({name}) => name);
}

/**
 * Workers that the login sees, and with a key for the TSA those that it may not see, or that no login is there for; and
 * why there is no list, if that is so.
 */
async function look(
  names: string[],
  access: Access,
  signal: AbortSignal,
): Promise<{listed: Listed[]; unseen: Listed[]; silence?: ActionableError}> {
  const {client, tsa} = access;
  if (names.length === 0 || (!client.canLogIn && tsa === undefined)) {
    return {listed: [], unseen: []};
  }

  if (!client.canLogIn) {
    return {listed: [], unseen: unlisted(names, access)};
  }

  try {
    const listed = await known(names, access, signal);
    const rest = names.filter((name) => listed.every((worker) => worker.name !== name));
    const areAllSeen = rest.length === 0 || tsa === undefined || (await sees(access, signal));
    return {listed, unseen: areAllSeen ? [] : unlisted(rest, access)};
  } catch (error) {
    const silence = survivable(error, signal);
    if (tsa === undefined) {
      throw silence;
    }

    return {listed: [], unseen: unlisted(names, access), silence};
  }
}

/** Whether the login's list has all workers of the team: those of all teams are on every list. */
async function sees({client, team}: Access, signal: AbortSignal): Promise<boolean> {
  const {is_admin: isAdmin, teams = {}} = await client.user(signal);
  return isAdmin === true || team === '' || team in teams;
}

async function removeListed(
  listed: Listed[],
  access: Access & {secondMs: number},
  signal: AbortSignal,
): Promise<Listed[]> {
  const {client, secondMs} = access;
  let left = listed;
  for (let waited = 0; ; waited += pollSeconds) {
    left = await known(
      left.map(({name}) => name),
      access,
      signal,
    );
    if (left.length === 0 || waited > stallSeconds) {
      return left;
    }

    await Promise.all(left.map(async (worker) => retireAndPrune(client, worker, signal)));
    await delay(pollSeconds * secondMs, undefined, {signal});
  }
}

/**
 * Gives those that the TSA did not remove. It answers alike for a worker that it may not delete and for one that is
 * gone; retiring one that is gone is a success (concourse 2).
 */
async function removeByTsa(
  workers: Listed[],
  tsa: TsaOptions,
  signal: AbortSignal,
): Promise<Listed[]> {
  const refused = await refusedByTsa('delete-worker', workers, tsa, signal);
  const left = await refusedByTsa('retire-worker', refused, tsa, signal);
  const there = refused.filter((worker) => !left.includes(worker));
  // One that was there all the same, and the web did not answer for a moment.
  await refusedByTsa('delete-worker', there, tsa, signal);
  return left;
}

/** Gives those on which the TSA did not carry out the command. */
async function refusedByTsa(
  command: TsaCommand,
  workers: Listed[],
  tsa: TsaOptions,
  signal: AbortSignal,
): Promise<Listed[]> {
  const statuses = workers.length > 0 ? await runOnTsa(tsa, command, workers, signal) : [];
  return workers.filter((_, index) => statuses[index] !== 0);
}

/** Works in any state for an admin or the worker's own team; others can only wait. */
async function retireAndPrune(
  client: Concourse,
  {name, team}: Listed,
  signal: AbortSignal,
): Promise<void> {
  try {
    await unlessGone(client.retireWorker(name, team, signal));
    await unlessGone(client.pruneWorker(name, signal));
  } catch (error) {
    // It may pass, as when the worker registered again in between, and never keeps the other workers.
    signal.throwIfAborted();
    if (!(error instanceof ApiError) || error.status === 401) {
      throw error;
    }
  }
}

async function known(
  names: string[],
  {client, team}: Access,
  signal: AbortSignal,
): Promise<Listed[]> {
  if (names.length === 0 || !client.canLogIn) {
    return unlisted(names, {team});
  }

  const workers = await client.workers(signal);
  return workers.filter(({name}) => names.includes(name));
}

function unlisted(names: string[], {team}: Pick<Access, 'team'>): Listed[] {
  return names.map((name) => ({name, team}));
}

async function unlessGone(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  }
}
