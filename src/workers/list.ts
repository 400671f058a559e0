import type {CiServer, CiWorker, Kind} from '../ci-server.js';
import type {Context} from '../context.js';
import {survivable} from '../errors.js';
import {describeWorker, ownedIn, stateIn, type Worker} from './worker.js';
import {ciIdOf, markerTag, nameTag} from './identity.js';

/** All droplets of ours of these kinds, oldest first, with what the CI servers say of those that are their own. */
export async function listWorkers(
  {workerName, kinds}: {workerName?: string | undefined; kinds: readonly string[]},
  servers: CiServer[],
  {digitalOcean, progress, signal, time}: Omit<Context, 'kind' | 'ci'>,
): Promise<Worker[]> {
  const tag = workerName === undefined ? markerTag : nameTag(workerName);
  const [droplets, ...asked] = await Promise.all([
    digitalOcean.dropletsTagged(tag, signal, {withGpus: true}),
    ...servers.map(async (ci) => ask(ci, progress, signal)),
  ]);
  return ownedIn(droplets)
    .filter(
      ({identity}) =>
        (workerName === undefined || identity.workerName === workerName.toLowerCase()) &&
        kinds.includes(identity.kind),
    )
    .toSorted(
      (a, b) =>
        a.droplet.created_at.localeCompare(b.droplet.created_at) || a.droplet.id - b.droplet.id,
    )
    .map((owned) => {
      const itsOwn = asked.find(
        (answer) => answer?.kind === owned.identity.kind && answer.ciId === owned.identity.ciId,
      );
      return describeWorker(owned, {
        now: digitalOcean.time ?? time.now(),
        workerState: stateIn(itsOwn?.workers, owned.droplet.name),
      });
    });
}

/** Undefined when it does not answer: the droplets are shown all the same. */
async function ask(
  ci: CiServer,
  progress: Context['progress'],
  signal: AbortSignal,
): Promise<{kind: Kind; ciId: string; workers: CiWorker[]} | undefined> {
  try {
    const ciId = ciIdOf(await ci.externalUrl(signal));
    return {kind: ci.kind, ciId, workers: await ci.list(signal)};
  } catch (error) {
    progress.note(`Worker states are unknown: ${survivable(error, signal).message}`);
    return undefined;
  }
}
