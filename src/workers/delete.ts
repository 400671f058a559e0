import pLimit from 'p-limit';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError, ApiError} from '../errors.js';
import {hasGpus} from './gpus.js';
import {identify, isSame, nameTag} from './identity.js';
import {StillWaiting, lagSeconds, orStillWaiting, pollUntil} from './poll.js';
import type {Owned} from './worker.js';

/** A droplet that could not be deleted, and is still billed. */
export type Leftover = {name: string; id: number | null; reason: string; suggestions: string[]};

export type Deleted = {
  leftovers: Leftover[];
  /** Those that DigitalOcean did not know. */
  absent: Owned[];
};

const concurrency = 8;
const pollSeconds = 5;
/** DigitalOcean shows a deleted droplet for up to 25 s (facts 5). */
const goneSeconds = 90;
const pendingEventSeconds = 120;

type Deleting = Pick<Context, 'digitalOcean' | 'signal' | 'time'>;

/**
 * Deletes droplets by id and lists until they are gone. Their own fields, just read, have shown that they are ours.
 * One that fails never keeps the others.
 */
export async function deleteDroplets(owned: Owned[], context: Deleting): Promise<Deleted> {
  const limit = pLimit(concurrency);
  const leftovers: Leftover[] = [];
  const deleted: Owned[] = [];
  const absent: Owned[] = [];
  await Promise.all(
    owned.map(async (each) =>
      limit(async () => {
        const {id, name} = each.droplet;
        try {
          const wasThere = await deleteDroplet(id, context);
          (wasThere ? deleted : absent).push(each);
        } catch (error) {
          leftovers.push({id, name, ...told(error)});
        }
      }),
    ),
  );
  // A list has just shown it, so the 404 may be as early as those that a new droplet gets.
  const doubtful = absent.filter(({isJustMade = false}) => !isJustMade);
  const listed = await stillListed([...deleted, ...doubtful], context);
  return {leftovers: [...leftovers, ...listed], absent};
}

async function deleteDroplet(id: number, {digitalOcean, signal, time}: Deleting): Promise<boolean> {
  return pollUntil(
    async () => {
      try {
        return await digitalOcean.deleteDroplet(id, signal);
      } catch (error) {
        const isBusy =
          error instanceof ApiError &&
          (error.status === 429 || (error.status === 422 && /pending event/iv.test(error.detail)));
        throw isBusy ? new StillWaiting(error.message) : error;
      }
    },
    {everySeconds: pollSeconds, forSeconds: pendingEventSeconds},
    {time, signal},
  );
}

/** A 204 sometimes destroys nothing, so what is still there after a while is deleted again. */
async function stillListed(deleted: Owned[], context: Deleting): Promise<Leftover[]> {
  const {signal, time} = context;
  let left = deleted;
  let polls = 0;
  try {
    await pollUntil(
      async () => {
        const there = await stillThere(left, context).catch(orStillWaiting);
        left = left.filter(({droplet}) => there.has(droplet.id));
        polls++;
        if (left.length === 0) {
          return;
        }

        if (polls % 3 === 0) {
          // One that is refused now was accepted before, and keeps none of the others.
          await Promise.allSettled(
            left
              .filter((each) => isStillOurs(each, there.get(each.droplet.id)))
              .map(async ({droplet}) => deleteDroplet(droplet.id, context)),
          );
        }

        throw new StillWaiting('DigitalOcean still lists it');
      },
      {everySeconds: pollSeconds, forSeconds: goneSeconds},
      {time, signal},
    );
    return [];
  } catch (error) {
    const {reason, suggestions} = told(error);
    return left.map(({droplet: {id, name}}) => ({
      id,
      name,
      reason: `the deletion is not confirmed: ${reason}`,
      suggestions,
    }));
  }
}

/**
 * One listing for each worker name; a droplet without our tags is asked for by itself. One made
 * a moment ago may be missing from lists because they lag: it is deleted again, until DigitalOcean does not know it.
 */
async function stillThere(
  owned: Owned[],
  {digitalOcean, signal, time}: Deleting,
): Promise<Map<number, Droplet>> {
  const there = new Map<number, Droplet>();
  for (const workerName of new Set(owned.map(({identity}) => identity.workerName))) {
    const droplets =
      workerName === ''
        ? []
        : await digitalOcean.dropletsTagged(nameTag(workerName), signal, {
            withGpus: hasGpus(...owned.map(({droplet}) => droplet.size_slug)),
          });
    for (const droplet of droplets) {
      there.set(droplet.id, droplet);
    }
  }

  const now = digitalOcean.time ?? time.now();
  for (const {droplet, identity, isJustMade = false} of owned) {
    const isYoung = isJustMade && now - Date.parse(droplet.created_at) < lagSeconds * 1000;
    if (
      isYoung &&
      !there.has(droplet.id) &&
      (await deletesAgain(droplet.id, {digitalOcean, signal}))
    ) {
      there.set(droplet.id, droplet);
    }

    const untagged =
      identity.workerName === '' ? await digitalOcean.droplet(droplet.id, signal) : undefined;
    if (untagged !== undefined) {
      there.set(droplet.id, untagged);
    }
  }

  return there;
}

/** This call's own POST made it, or its fields as they are now say so. */
function isStillOurs({identity, isJustMade = false}: Owned, now: Droplet | undefined): boolean {
  return isJustMade || (now !== undefined && isSame(identity, identify(now)));
}

async function deletesAgain(
  id: number,
  {digitalOcean, signal}: Pick<Deleting, 'digitalOcean' | 'signal'>,
): Promise<boolean> {
  try {
    return await digitalOcean.deleteDroplet(id, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) {
      return true;
    }

    throw error;
  }
}

function told(error: unknown): Pick<Leftover, 'reason' | 'suggestions'> {
  return error instanceof ActionableError
    ? {reason: error.message, suggestions: error.suggestions}
    : {reason: String(error), suggestions: []};
}
