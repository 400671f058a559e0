import type {CiServer, CiWorker} from '../ci-server.js';
import type {Context} from '../context.js';
import {ActionableError} from '../errors.js';
import {describeWorker, stateIn, type Owned, type Worker} from './worker.js';
import {ciIdOf, identify, markerTag, nameTag} from './identity.js';

/** All droplets of ours, oldest first, with what the CI server says of those that are its own. */
export async function listWorkers(
  {workerName}: {workerName?: string | undefined},
  {digitalOcean, ci, progress, signal, time}: Context,
): Promise<Worker[]> {
  const [droplets, asked] = await Promise.all([
    digitalOcean.dropletsTagged(workerName === undefined ? markerTag : nameTag(workerName), signal),
    ask(ci, progress, signal),
  ]);
  return droplets
    .map((droplet) => ({droplet, identity: identify(droplet)}))
    .filter((each): each is Owned => each.identity !== undefined)
    .filter(
      ({identity}) => workerName === undefined || identity.workerName === workerName.toLowerCase(),
    )
    .toSorted(
      (a, b) =>
        a.droplet.created_at.localeCompare(b.droplet.created_at) || a.droplet.id - b.droplet.id,
    )
    .map((owned) => {
      const isItsOwn = owned.identity.kind === ci?.kind && owned.identity.ciId === asked?.ciId;
      return describeWorker(owned, {
        now: digitalOcean.time ?? time.now(),
        workerState: stateIn(isItsOwn ? asked?.workers : undefined, owned.droplet.name),
      });
    });
}

/** Undefined when there is nobody to ask or no answer: the droplets are shown all the same. */
async function ask(
  ci: CiServer | undefined,
  progress: Context['progress'],
  signal: AbortSignal,
): Promise<{ciId: string; workers: CiWorker[]} | undefined> {
  try {
    return ci && {ciId: ciIdOf(await ci.externalUrl(signal)), workers: await ci.list(signal)};
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActionableError)) {
      throw error;
    }

    progress.note(`Worker states are unknown: ${error.message}`);
    return undefined;
  }
}
