import type {CiServer, WorkerRequest} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {Interrupted, survivable} from '../errors.js';
import {deleteDroplets} from './delete.js';
import type {Fleet} from './fleet.js';
import {identify, nameTag} from './identity.js';
import {StillWaiting, orStillWaiting, pollUntil} from './poll.js';
import {asMade, publicAddress} from './worker.js';

/** Seconds between two looks. */
export type Pace = {digitalOceanSeconds: number; ciSeconds: number};

export const defaultPace: Pace = {digitalOceanSeconds: 5, ciSeconds: 2};

type Waiting = {request: WorkerRequest; ci: CiServer; pace: Pace; withGpus: boolean};

const addressSeconds = 20;

/** The signal ends every wait; this only bounds the count of retries. */
const forSeconds = 24 * 3600;

/**
 * Waits until the CI server lists every droplet's worker as able to work: two polls side by side, one of
 * DigitalOcean and one of the CI server, each one call an interval however many droplets there are.
 * Ends when the signal does.
 */
export async function waitUntilRegistered(
  fleet: Fleet,
  waiting: Waiting,
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  try {
    await Promise.race([
      watchDroplets(fleet, waiting, {...context, signal}),
      watchWorkers(fleet, waiting, {...context, signal}),
    ]);
  } finally {
    done.abort();
  }

  await lookOnceMore(fleet, waiting, context);
  await confirmUnlisted(fleet, context);
}

/** Never ends by itself: while workers boot, a droplet that is off or gone ends the wait at once. */
async function watchDroplets(
  fleet: Fleet,
  {request, pace, withGpus}: Waiting,
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const {digitalOcean, progress, signal, time} = context;
  const startedAt = time.now();
  const tag = nameTag(request.workerName);
  let areActive = false;
  // An interrupt that came while the droplets were being made belongs to that phase.
  signal.throwIfAborted();
  progress.phase('active', `Waiting for DigitalOcean to start ${fleet.droplets.size} droplet(s)`);
  await pollUntil(
    async () => {
      const listed = await digitalOcean
        .dropletsTagged(tag, signal, {withGpus})
        .catch(orStillWaiting);
      const yielded = fleet.yieldToRivals(listed);
      if (yielded.length > 0) {
        progress.note(
          `Another create of this run was quicker: giving up ${yielded.map(({name}) => name).join(', ')}`,
        );
        await deleteDroplets(yielded.map(asMade), context);
      }

      fleet.seeDroplets(listed, (time.now() - startedAt) / 1000, pace.digitalOceanSeconds);
      const isReady = fleet.pending.every(
        (droplet) => droplet.status === 'active' && publicAddress(droplet) !== undefined,
      );
      if (!areActive && isReady) {
        areActive = true;
        progress.phase('booting', 'Waiting for the CI server to list the workers');
      }

      throw new StillWaiting('droplets are watched');
    },
    {everySeconds: pace.digitalOceanSeconds, forSeconds},
    {time, signal},
  );
}

async function watchWorkers(
  fleet: Fleet,
  {request, ci, pace}: Waiting,
  {progress, signal, time}: Pick<Context, 'progress' | 'signal' | 'time'>,
): Promise<void> {
  await pollUntil(
    async () => {
      fleet.seeWorkers(await ci.list(signal).catch(orStillWaiting), request);
      progress.update(`${fleet.registered.size} of ${fleet.droplets.size} registered`);
      if (fleet.pending.length > 0 || !fleet.isSettled) {
        throw new StillWaiting('not all are registered');
      }
    },
    {everySeconds: pace.ciSeconds, forSeconds},
    {time, signal},
  );
}

/** A last look, where one is wanting. A worker can register before DigitalOcean shows its address, which people want. */
async function lookOnceMore(
  fleet: Fleet,
  {request, pace, withGpus}: Waiting,
  {digitalOcean, signal, time}: Pick<Context, 'digitalOcean' | 'signal' | 'time'>,
): Promise<void> {
  const areKnown = () =>
    [...fleet.droplets.values()].every((droplet) => publicAddress(droplet) !== undefined);
  if (areKnown() && fleet.isConfirmed) {
    return;
  }

  try {
    await pollUntil(
      async () => {
        const tag = nameTag(request.workerName);
        const listed = await digitalOcean.dropletsTagged(tag, signal, {withGpus});
        fleet.seeDroplets(listed, 0, pace.digitalOceanSeconds);
        if (!areKnown()) {
          throw new StillWaiting('an address is missing');
        }
      },
      {everySeconds: pace.digitalOceanSeconds, forSeconds: addressSeconds},
      {time, signal},
    );
  } catch (error) {
    // The workers work; a missing address in the result is no reason to destroy them.
    if (error instanceof Interrupted) {
      throw error;
    }
  }
}

/**
 * What the last look did not show may be gone, or have lost its tag to a cleanup that was about to delete the tag as
 * unused when the droplet was made. Nobody would find that by its name again, so it counts as failed, and is destroyed.
 */
async function confirmUnlisted(
  fleet: Fleet,
  {digitalOcean, signal}: Pick<Context, 'digitalOcean' | 'signal'>,
): Promise<void> {
  for (const worker of fleet.unlisted) {
    let droplet: Droplet | undefined;
    try {
      droplet = await digitalOcean.droplet(worker.id, signal);
    } catch (error) {
      // Unanswered, it is as it was: a worker that works.
      survivable(error, signal);
      continue;
    }

    if (droplet === undefined) {
      fleet.lose(worker);
    } else if (identify(droplet) === undefined) {
      fleet.loseTags(droplet);
    }
  }
}
