import pLimit from 'p-limit';
import type {Context} from '../context.js';
import {ActionableError, ApiError} from '../errors.js';
import {nameTag} from './identity.js';
import {StillWaiting, orStillWaiting, pollUntil} from './poll.js';
import type {Owned} from './worker.js';

/** A droplet that could not be deleted, and is still billed. */
export type Leftover = {name: string; id: number; reason: string};

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
export async function deleteDroplets(owned: Owned[], context: Deleting): Promise<Leftover[]> {
  const limit = pLimit(concurrency);
  const leftovers: Leftover[] = [];
  const deleted: Owned[] = [];
  await Promise.all(
    owned.map(async (each) =>
      limit(async () => {
        const {id, name} = each.droplet;
        try {
          await deleteDroplet(id, context);
          deleted.push(each);
        } catch (error) {
          leftovers.push({id, name, reason: reasonOf(error)});
        }
      }),
    ),
  );
  return [...leftovers, ...(await stillListed(deleted, context))];
}

async function deleteDroplet(id: number, {digitalOcean, signal, time}: Deleting): Promise<void> {
  await pollUntil(
    async () => {
      try {
        await digitalOcean.deleteDroplet(id, signal);
      } catch (error) {
        if (
          error instanceof ApiError &&
          error.status === 422 &&
          /pending event/iv.test(error.detail)
        ) {
          throw new StillWaiting(error.message);
        }

        throw error;
      }
    },
    {everySeconds: pollSeconds, forSeconds: pendingEventSeconds},
    {time, signal},
  );
}

/** A 204 sometimes destroys nothing, so what is still there after a while is deleted once more. */
async function stillListed(deleted: Owned[], context: Deleting): Promise<Leftover[]> {
  const {digitalOcean, signal, time} = context;
  const workerNames = [...new Set(deleted.map(({identity}) => identity.workerName))];
  let left = deleted.map(({droplet}) => droplet);
  let polls = 0;
  try {
    await pollUntil(
      async () => {
        const listed = new Set<number>();
        for (const workerName of workerNames) {
          const droplets = await digitalOcean
            .dropletsTagged(nameTag(workerName), signal)
            .catch(orStillWaiting);
          for (const {id} of droplets) {
            listed.add(id);
          }
        }

        left = left.filter(({id}) => listed.has(id));
        polls++;
        if (left.length === 0) {
          return;
        }

        if (polls % 6 === 0) {
          await Promise.all(left.map(async ({id}) => deleteDroplet(id, context)));
        }

        throw new StillWaiting('DigitalOcean accepted the deletion but still lists it');
      },
      {everySeconds: pollSeconds, forSeconds: goneSeconds},
      {time, signal},
    );
    return [];
  } catch (error) {
    return left.map(({id, name}) => ({id, name, reason: reasonOf(error)}));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof ActionableError ? error.message : String(error);
}
