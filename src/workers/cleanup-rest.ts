import type {Context} from '../context.js';
import {inOneLine, survivable} from '../errors.js';
import type {CleanupRequest} from './cleanup.js';
import type {Decision, Evidence} from './cleanup-decisions.js';
import {markerTag, runKeyIn} from './identity.js';
import {StillWaiting, pollUntil} from './poll.js';
import {isOurWorker} from './worker.js';

type Scope = {
  request: CleanupRequest;
  /** Droplets that this cleanup deleted, or in a dry run would. */
  goneNames: Set<string>;
};

/** A droplet younger than this may be one of several that are being made with the same tags. */
const quietSeconds = 900;

/** Less than a create waits until it trusts its tags. */
const freshSeconds = 10;

/** The rate limit holds a request up for a minute at most. */
const patienceSeconds = 90;

/** Workers of our form that no droplet stands behind: those that stalled, and those of droplets just deleted. */
export async function removeStaleWorkers(
  {workers, marked}: Evidence,
  {request, goneNames}: Scope,
  {ci, signal}: Pick<Context, 'ci' | 'signal'>,
): Promise<Decision[]> {
  const {workerName} = request;
  // Whoever's they are: a name is never given twice.
  const standing = new Set(marked.map(({name}) => name).filter((name) => !goneNames.has(name)));
  const stale = (workers ?? []).filter(
    (worker) =>
      isOurWorker(worker) &&
      (workerName === undefined || runKeyIn(worker.name, workerName) !== undefined) &&
      !standing.has(worker.name) &&
      (worker.isStale || goneNames.has(worker.name)),
  );
  if (ci === undefined || stale.length === 0) {
    return [];
  }

  const decisions = stale.map(({name, state}): Decision => ({
    what: 'worker',
    name,
    id: null,
    ageSeconds: null,
    action: 'delete',
    reason: `${state}, without a droplet`,
  }));
  if (request.dryRun) {
    return decisions;
  }

  try {
    const left = await ci.remove(
      stale.map(({name}) => name),
      signal,
    );
    for (const decision of decisions) {
      decision.action = left.includes(decision.name) ? 'left' : 'deleted';
    }
  } catch (error) {
    const {message, suggestions} = survivable(error, signal);
    for (const decision of decisions) {
      decision.action = 'left';
      decision.reason += `; ${inOneLine(message, suggestions)}`;
    }
  }

  return decisions;
}

/**
 * Name and ttl tags that nothing carries: those whose number grows. Deleting a tag takes it off everything, also off a
 * droplet that lists do not show yet. So it is done only in a quiet hour, one tag at a time right after a look; and the
 * marker, kind and CI tags stay for good, so that a droplet that lost its name all the same is still seen and reported.
 */
export async function removeUnusedTags(
  {owned, marked, suspects}: Evidence,
  {request, goneNames}: Scope,
  {digitalOcean, signal, time}: Pick<Context, 'digitalOcean' | 'signal' | 'time'>,
): Promise<Decision[]> {
  const now = digitalOcean.time ?? time.now();
  const isQuiet = marked.every(
    ({created_at: createdAt}) => now - Date.parse(createdAt) > quietSeconds * 1000,
  );
  const isWhole = request.workerName === undefined && suspects.length === 0;
  if (!isQuiet || !isWhole) {
    return [];
  }

  const used = new Set(
    owned
      .filter(({droplet}) => !goneNames.has(droplet.name))
      .flatMap(({droplet}) => droplet.tags ?? []),
  );
  const decisions: Decision[] = [];
  for (const name of await tagsOf(digitalOcean, signal)) {
    if (used.has(name)) {
      continue;
    }

    const decision: Decision = {
      what: 'tag',
      name,
      id: null,
      ageSeconds: null,
      action: 'delete',
      reason: 'no droplet carries it',
    };
    try {
      if (await isKept(name, request, {digitalOcean, signal, time})) {
        continue;
      }

      decision.action = request.dryRun ? 'delete' : 'deleted';
    } catch (error) {
      const {message, suggestions} = survivable(error, signal);
      decision.reason += `; ${inOneLine(message, suggestions)}`;
      if (error instanceof StillWaiting) {
        // A tag costs nothing, so this is no failure; and what is too slow once is so for each of them.
        decisions.push({...decision, action: 'keep'});
        break;
      }

      decision.action = 'left';
    }

    decisions.push(decision);
  }

  return decisions;
}

/**
 * Whether a tag is in use after all, by another cluster's droplet or one made since; deletes it if not. A create trusts
 * its tags once lists have shown them for a while, so a look that has grown old, as in the queue of the rate limit, is
 * no ground to delete on: then it looks again.
 */
async function isKept(
  name: string,
  {dryRun}: CleanupRequest,
  {digitalOcean, signal, time}: Pick<Context, 'digitalOcean' | 'signal' | 'time'>,
): Promise<boolean> {
  return pollUntil(
    async () => {
      const tooOld = AbortSignal.timeout(Math.ceil(freshSeconds * time.secondMs));
      const fresh = AbortSignal.any([signal, tooOld]);
      try {
        const isUsed = await digitalOcean.isTagInUse(name, fresh);
        if (!isUsed && !dryRun) {
          await digitalOcean.deleteTag(name, fresh);
        }

        return isUsed;
      } catch (error) {
        throw tooOld.aborted && !signal.aborted
          ? new StillWaiting(`DigitalOcean's answers take longer than ${freshSeconds} s`)
          : error;
      }
    },
    {everySeconds: 1, forSeconds: patienceSeconds},
    {time, signal},
  );
}

/** Those that nothing is said to carry. None when the tags cannot be listed: they cost nothing. */
async function tagsOf(
  digitalOcean: Context['digitalOcean'],
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const tags = await digitalOcean.tags(signal);
    return tags
      .filter(({name, count}) => {
        const lowered = name.toLowerCase();
        return (
          count === 0 && ['name', 'ttl'].some((key) => lowered.startsWith(`${markerTag}:${key}:`))
        );
      })
      .map(({name}) => name);
  } catch (error) {
    survivable(error, signal);
    return [];
  }
}
