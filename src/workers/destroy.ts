import type {CiServer, CiWorker} from '../ci-server.js';
import type {Context} from '../context.js';
import {ActionableError, UsageError, allChecks, survivable} from '../errors.js';
import {deleteDroplets} from './delete.js';
import {destroyDrained, type Ended} from './destroy-drained.js';
import {interrupted, notDestroyed} from './destroy-failures.js';
import {runKeyIn} from './identity.js';
import {nameProblems} from './plan.js';
import {ownCiId, selectOwned, type Selected, type Selection} from './select.js';
import {cleanupCommand, type Meant} from './suggested.js';
import {describeWorker, isOurWorker, stateIn, type Owned, type Worker} from './worker.js';

export type DestroyRequest = Selection & {
  /** How long running builds may take to end first; 0 does not wait for them. */
  drainSeconds: number;
  dryRun: boolean;
};

export type Asked = DestroyRequest & Meant;

export type Destroyed = {
  /** What was destroyed, or with a dry run would be. */
  workers: Worker[];
  /** Names taken off the CI server's list; null when it was not asked or did not answer. */
  removed: string[] | null;
  dryRun: boolean;
};

/** Destroys the droplets of a worker name and takes their workers off the CI server. Nothing found is success. */
export async function destroyWorkers(
  request: DestroyRequest,
  context: Context,
  problems: string[] = [],
): Promise<Destroyed> {
  const {workerName, runKey, dryRun} = request;
  const drainSeconds = dryRun ? 0 : request.drainSeconds;
  const {kind, ci, progress, signal, time} = context;
  const found = [...problems, ...nameProblems(workerName, runKey)];
  if (drainSeconds > 0 && ci === undefined) {
    found.push(
      'No CI server is named, so nobody tells when builds have ended: name it, or leave out --drain',
    );
  }

  if (found.length > 0) {
    throw new UsageError(found);
  }

  const asked = {...request, kind, ci};
  context.digitalOcean.openReserve();
  progress.phase('list', `Looking for droplets of ${workerName}`);
  const [{owned: selected, others}, listed] = await select(request, context);
  // As old as they were when they were found: who looks for more reckons from there.
  const workers = selected.map((each) =>
    describeWorker(each, {
      now: context.digitalOcean.time ?? time.now(),
      workerState: stateIn(listed, each.droplet.name),
    }),
  );
  const isOwnCi = await isOwn(listed, request, context);
  const seen = {owned: selected, others, listed, isOwnCi};
  if (selected.length === 0 && others.length > 0) {
    progress.note(
      `Not meant, and still there: ${others.map((each) => tellApart(each)).join(', ')}`,
    );
  }

  if (dryRun) {
    const all = new Set([...namesOf(selected), ...staleIn(seen, request)]);
    const known = listed?.map(({name}) => name);
    return {workers, removed: known?.filter((name) => all.has(name)) ?? null, dryRun};
  }

  const {owned, untouched, leftovers} = await destroySelected(seen, drainSeconds, context);
  if (signal.aborted) {
    throw interrupted(asked, {owned, untouched}, signal);
  }

  const isLate = drainSeconds > 0 && selected.length > 0;
  const now = isLate ? {...seen, listed: await listWorkers(ci, signal)} : seen;
  const left = new Set(leftovers.map(({name}) => name));
  const goneNames = [...namesOf(owned), ...staleIn(now, request)].filter((name) => !left.has(name));
  const [removed] = await allChecks([
    ci === undefined ? Promise.resolve(null) : remove(goneNames, {ci, request, listed}, context),
    left.size === 0
      ? Promise.resolve()
      : Promise.reject(notDestroyed(asked, leftovers, selected.length)),
  ] as const);
  const gone = workers
    .filter(({name}) => goneNames.includes(name))
    .map((worker) => ({
      ...worker,
      dropletStatus: 'destroyed',
      workerState: removed === null ? 'unknown' : null,
    }));
  return {workers: gone, removed, dryRun};
}

type Seen = Selected & {listed: CiWorker[] | undefined; isOwnCi: boolean};

async function destroySelected(
  {owned, listed, isOwnCi}: Seen,
  drainSeconds: number,
  context: Context,
): Promise<Ended> {
  const {ci, progress} = context;
  if (owned.length === 0) {
    return {owned, untouched: [], leftovers: []};
  }

  if (drainSeconds > 0 && ci !== undefined) {
    return destroyDrained(owned, {seconds: drainSeconds, listed, isOwnCi, ci}, context);
  }

  progress.phase('delete', `Deleting ${owned.length} droplet(s)`);
  const {leftovers} = await deleteDroplets(owned, context);
  return {owned, untouched: [], leftovers};
}

/**
 * Whether the CI server at hand is that of the droplets, so that what its list lacks is on none: with a CI id given it
 * may be another one. Only a server that answers can say so.
 */
async function isOwn(
  listed: CiWorker[] | undefined,
  {ciId}: DestroyRequest,
  {ci, signal}: Context,
): Promise<boolean> {
  if (ciId === undefined) {
    return true;
  }

  const own = listed === undefined ? undefined : await ownCiId(ci, signal);
  return own?.isCertain === true && own.id === ciId;
}

/**
 * Workers without a droplet here that are meant all the same. One that runs may be another account's, and one whose
 * droplet is gone stalls soon.
 */
function staleIn({owned, others, listed, isOwnCi}: Seen, request: DestroyRequest): string[] {
  const names = new Set(namesOf([...owned, ...others]));
  const isMeant = (worker: CiWorker) =>
    isAskedFor(worker.name, request) &&
    !names.has(worker.name) &&
    (worker.isStale || (request.runKey !== undefined && !worker.hasRegistered)) &&
    isOurWorker(worker);
  return isOwnCi ? (listed ?? []).filter(isMeant).map(({name}) => name) : [];
}

function namesOf(owned: Owned[]): string[] {
  return owned.map(({droplet}) => droplet.name);
}

function tellApart({droplet, identity}: Owned): string {
  return `${droplet.name} (${identity.kind}, run ${identity.runKey}, CI id ${identity.ciId})`;
}

/**
 * Droplets, and what the CI server lists. Unless each has its counterpart there, GPU droplets are looked for too, which
 * lists by tag may leave out.
 */
async function select(
  request: DestroyRequest,
  context: Context,
): Promise<[Selected, CiWorker[] | undefined]> {
  const {withGpus} = request;
  const [selected, listed] = await Promise.all([
    selectOwned(request, context),
    listWorkers(context.ci, context.signal),
  ]);
  const {owned, others} = selected;
  const registered = new Set(
    listed?.filter(({hasRegistered}) => hasRegistered).map(({name}) => name),
  );
  const found = new Set([...owned, ...others].map(({droplet}) => droplet.name));
  const isWhole =
    owned.every(({droplet}) => registered.has(droplet.name)) &&
    [...registered].every((name) => found.has(name) || !isAskedFor(name, request));
  return withGpus === true || isWhole
    ? [selected, listed]
    : [await selectOwned({...request, withGpus: true}, context), listed];
}

/** Whether a worker's name has the form of those asked for. */
function isAskedFor(name: string, {workerName, runKey}: DestroyRequest): boolean {
  const key = runKeyIn(name, workerName);
  return key !== undefined && (runKey === undefined || key === runKey.toLowerCase());
}

/** Undefined without a CI server or an answer from it: the droplets go all the same. */
async function listWorkers(
  ci: CiServer | undefined,
  signal: AbortSignal,
): Promise<CiWorker[] | undefined> {
  try {
    return await ci?.list(signal);
  } catch (error) {
    survivable(error, signal);
    return undefined;
  }
}

/** Null when the CI server could not be told, and that was to be expected. */
async function remove(
  names: string[],
  {ci, request, listed}: {ci: CiServer; request: DestroyRequest; listed: CiWorker[] | undefined},
  {progress, signal}: Pick<Context, 'progress' | 'signal'>,
): Promise<string[] | null> {
  if (names.length === 0) {
    return [];
  }

  progress.phase('remove', `Taking ${names.length} worker(s) off the CI server's list`);
  let left: string[];
  try {
    left = await ci.remove(names, signal);
  } catch (error) {
    const {message, suggestions} = survivable(error, signal);
    // Who gives the CI id by hand knows that the CI server is down.
    if (request.ciId !== undefined) {
      progress.note(`The CI server still lists the workers: ${message}`);
      return null;
    }

    throw new ActionableError(
      'WORKER_LEFT',
      `The droplets of ${request.workerName} are gone, but the CI server could not be told: ${message}`,
      [
        ...suggestions,
        ...ci.advice.stillListed(names),
        `Or leave it to ${cleanupCommand({kind: ci.kind, ci})}`,
      ],
    );
  }

  if (left.length > 0) {
    throw new ActionableError(
      'WORKER_LEFT',
      `The droplets of ${request.workerName} are gone, but the CI server still lists ${left.join(', ')}`,
      ci.advice.stillListed(left),
    );
  }

  return listed === undefined
    ? names
    : names.filter((name) => listed.some((worker) => worker.name === name));
}
