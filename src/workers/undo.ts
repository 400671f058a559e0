import {setTimeout as delay} from 'node:timers/promises';
import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {stillBilled} from './create-failed.js';
import {deleteDroplets, type Leftover} from './delete.js';
import type {Ledger} from './post-droplets.js';
import {hasGpus} from './gpus.js';
import {nameTag} from './identity.js';
import type {Plan} from './plan.js';
import {lagPollSeconds, lagSeconds} from './poll.js';
import {asMade} from './worker.js';

const undoSeconds = 240;

/** Each takes a DELETE, of which the rate limit sends so many in a window. */
const perWindow = 240;
const windowSeconds = 61;

type Undoing = Pick<Context, 'digitalOcean' | 'progress' | 'time'>;

/**
 * Destroys what a create has made, also what it may have made without knowing.
 * Has a time limit of its own, because the signal that ended the create is spent. Gives what is left.
 */
export async function undoCreate(
  {prepared, created, uncertain}: Ledger,
  plan: Pick<Plan, 'workerName' | 'sizes'>,
  ci: CiServer,
  {digitalOcean, progress, time}: Undoing,
): Promise<Leftover[]> {
  const signal = undoSignal(time, created.length + uncertain.size);
  digitalOcean.openReserve();
  const deleting = {digitalOcean, signal, time};
  const {leftovers, absent} = await deleteDroplets(created.map(asMade), deleting);

  // DigitalOcean may not know yet what it has just made: a 404 proves nothing, nor does a list without it.
  let unknown = absent.map(({droplet}) => droplet);
  const unseen = new Set(uncertain);
  const names = [...unknown.map(({name}) => name), ...unseen];
  if (names.length > 0) {
    progress.note(
      `Looking for ${names.join(', ')} for ${lagSeconds} s: DigitalOcean's lists may not show them yet`,
    );
  }

  for (
    let waited = 0;
    waited <= lagSeconds && unknown.length + unseen.size > 0;
    waited += lagPollSeconds
  ) {
    const isLast = waited + lagPollSeconds > lagSeconds;
    const found = await find(unseen, {...plan, isLast}, deleting);
    const again = await deleteDroplets([...found, ...unknown].map(asMade), deleting);
    leftovers.push(...again.leftovers);
    unknown = again.absent.map(({droplet}) => droplet);
    for (const {name} of found) {
      unseen.delete(name);
    }

    if (unknown.length + unseen.size > 0 && !signal.aborted) {
      await delay(lagPollSeconds * time.secondMs);
    }
  }

  leftovers.push(
    ...[...unseen].map((name) => ({
      name,
      id: null,
      reason: 'its POST got no clear answer, and no list shows it',
      suggestions: [],
    })),
  );
  // Another service, so with a time of its own: that of the droplets may be spent.
  await forgetRecords(prepared, ci, {progress, signal: undoSignal(time, prepared.length)});
  return leftovers;
}

/** What was given up to another create of this run was deleted in passing: now it has to be gone, records and all. */
export async function undoYielded(
  yielded: Droplet[],
  ci: CiServer,
  context: Undoing & Pick<Context, 'signal'>,
): Promise<void> {
  const {leftovers} = await deleteDroplets(yielded.map(asMade), context);
  if (leftovers.length > 0) {
    context.progress.note(stillBilled(leftovers));
  }

  const names = yielded.map(({name}) => name);
  await forgetRecords(names, ci, context);
}

/** Time for undoing so many, whatever ended the create. */
export function undoSignal({secondMs}: Context['time'], count: number): AbortSignal {
  const windows = Math.floor(count / perWindow);
  return AbortSignal.timeout(Math.ceil((undoSeconds + windows * windowSeconds) * secondMs));
}

/** Removes the CI server's records of names for which no droplet was made. */
export async function forgetUnmade(
  ledger: Ledger,
  ci: CiServer,
  using: Pick<Context, 'progress' | 'signal'>,
): Promise<void> {
  const made = new Set([...ledger.created.map(({name}) => name), ...ledger.uncertain]);
  const unmade = ledger.prepared.filter((name) => !made.has(name));
  if (await forgetRecords(unmade, ci, using)) {
    ledger.prepared = ledger.prepared.filter((name) => made.has(name));
  }
}

/** What fails is left for `cleanup`. */
async function forgetRecords(
  names: string[],
  ci: CiServer,
  {progress, signal}: Pick<Context, 'progress' | 'signal'>,
): Promise<boolean> {
  try {
    if (names.length > 0) {
      await ci.remove(names, signal);
    }

    return true;
  } catch (error) {
    progress.note(
      `The CI server may go on listing the workers, until cleanup removes them: ${(error as Error).message}`,
    );
    return false;
  }
}

/** By the tag, and at the last look also by their names: DigitalOcean may have lost the tags. */
async function find(
  names: Set<string>,
  {workerName, sizes, isLast}: Pick<Plan, 'workerName' | 'sizes'> & {isLast: boolean},
  {digitalOcean, signal}: Pick<Context, 'digitalOcean' | 'signal'>,
): Promise<Droplet[]> {
  if (names.size === 0) {
    return [];
  }

  try {
    const withGpus = hasGpus(...sizes);
    const tagged = await digitalOcean.dropletsTagged(nameTag(workerName), signal, {withGpus});
    const named = isLast
      ? await Promise.all(
          [...names].map(async (name) => digitalOcean.dropletsNamed(name, signal, {withGpus})),
        )
      : [];
    const found = [...tagged, ...named.flat()].filter(({name}) => names.has(name));
    return [...new Map(found.map((droplet) => [droplet.id, droplet])).values()];
  } catch {
    // The list may come back at the next look; names that stay unseen are told of.
    return [];
  }
}
