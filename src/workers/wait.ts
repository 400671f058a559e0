import type {CiServer, CiWorker, WorkerRequest} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import {publicAddress} from './worker.js';
import {StillWaiting, orStillWaiting, pollUntil} from './poll.js';
import {nameTag} from './identity.js';

/** Seconds between two looks. */
export type Pace = {digitalOceanSeconds: number; ciSeconds: number};

export const defaultPace: Pace = {digitalOceanSeconds: 5, ciSeconds: 2};

/** A new droplet may be missing from lists for this long before it counts as dropped by DigitalOcean. */
const listingLagSeconds = 60;

/** What was last seen of each droplet, for results and for the error of a wait that fails. */
export class Sightings {
  readonly droplets = new Map<string, Droplet>();
  readonly workers = new Map<string, string>();
  readonly registered = new Set<string>();
  readonly #missing = new Map<string, number>();

  expect(droplets: Droplet[]): void {
    for (const droplet of droplets) {
      this.droplets.set(droplet.name, droplet);
    }
  }

  get names(): string[] {
    return [...this.droplets.keys()];
  }

  describe(): string[] {
    return this.names
      .filter((name) => !this.registered.has(name))
      .map((name) => {
        const droplet = this.droplets.get(name)!;
        const address = publicAddress(droplet);
        return `${name}: droplet ${droplet.id} ${droplet.status}${address ? ` at ${address}` : ''}, worker ${this.workers.get(name) ?? 'not listed yet'}`;
      });
  }

  /** Takes in a listing; a droplet that is gone or off never becomes a worker. */
  see(listed: Droplet[], passedSeconds: number, everySeconds: number): void {
    const byId = new Map(listed.map((droplet) => [droplet.id, droplet]));
    for (const [name, last] of this.droplets) {
      const droplet = byId.get(last.id);
      if (droplet === undefined) {
        this.#miss(last, passedSeconds, everySeconds);
        continue;
      }

      this.#missing.delete(name);
      this.droplets.set(name, droplet);
      if (droplet.status === 'off' || droplet.status === 'archive') {
        throw new ActionableError(
          'BOOTSTRAP_FAILED',
          `Droplet ${name} (${droplet.id}) switched itself off: its bootstrap failed, or its worker kept exiting`,
          [
            'Keep one to look into with --keep-on-failure and --ssh-key: switch it on and read journalctl -b -1',
            'The worker must reach the TSA, and the Concourse release (see --concourse-download-url)',
          ],
        );
      }
    }
  }

  /** Missing once may be a page that shifted; a new one may lag behind. */
  #miss({name, id, status}: Droplet, passedSeconds: number, everySeconds: number): void {
    const seconds = (this.#missing.get(name) ?? 0) + everySeconds;
    this.#missing.set(name, seconds);
    const wasListed = status === 'active';
    if (wasListed ? seconds >= 2 * everySeconds : passedSeconds >= listingLagSeconds) {
      throw new ActionableError(
        'DROPLET_VANISHED',
        `Droplet ${name} (${id}) is gone: ${
          wasListed
            ? 'somebody deleted it'
            : 'DigitalOcean accepted it but did not make it, as it does without capacity'
        }`,
        ['Try again, or name more regions and sizes to fall back on with --region and --size'],
      );
    }
  }
}

/**
 * Waits until the CI server lists every droplet's worker as able to work: two polls side by side, one of
 * DigitalOcean and one of the CI server, each one call an interval however many droplets there are.
 * Ends when the signal does.
 */
export async function waitUntilRegistered(
  sightings: Sightings,
  {request, ci, pace}: {request: WorkerRequest; ci: CiServer; pace: Pace},
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const {digitalOcean, progress, time} = context;
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  const startedAt = time.now();
  const tag = nameTag(request.workerName);
  const forSeconds = 24 * 3600;

  const watchDroplets = async () => {
    let areActive = false;
    progress.phase(
      'active',
      `Waiting for DigitalOcean to start ${sightings.names.length} droplet(s)`,
    );
    await pollUntil(
      async () => {
        const listed = await digitalOcean.dropletsTagged(tag, signal).catch(orStillWaiting);
        sightings.see(listed, (time.now() - startedAt) / 1000, pace.digitalOceanSeconds);
        const ready = [...sightings.droplets.values()].filter(
          (droplet) => droplet.status === 'active' && publicAddress(droplet) !== undefined,
        );
        if (!areActive && ready.length === sightings.droplets.size) {
          areActive = true;
          progress.phase('booting', 'Waiting for the CI server to list the workers');
        }

        throw new StillWaiting('droplets are watched');
      },
      {everySeconds: pace.digitalOceanSeconds, forSeconds},
      {time, signal},
    );
  };

  const watchWorkers = async () =>
    pollUntil(
      async () => {
        const workers = await ci.list(signal).catch(orStillWaiting);
        look(workers, sightings, request);
        const missing = sightings.droplets.size - sightings.registered.size;
        if (!(missing > 0)) {
          return;
        }

        progress.update(`${sightings.registered.size} of ${sightings.droplets.size} registered`);
        throw new StillWaiting(`${missing} not registered`);
      },
      {everySeconds: pace.ciSeconds, forSeconds},
      {time, signal},
    );

  try {
    await Promise.race([watchDroplets(), watchWorkers()]);
  } finally {
    done.abort();
  }

  const hasAddresses = [...sightings.droplets.values()].every(
    (droplet) => publicAddress(droplet) !== undefined,
  );
  if (hasAddresses) {
    return;
  }

  try {
    const listed = await digitalOcean.dropletsTagged(tag, context.signal);
    sightings.see(listed, 0, pace.digitalOceanSeconds);
  } catch {
    // The workers work; a missing address in the result is no reason to destroy them.
  }
}

/** Web nodes may disagree for a moment, so a worker seen registered once stays so. */
function look(workers: CiWorker[], sightings: Sightings, request: WorkerRequest): void {
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  for (const [name, droplet] of sightings.droplets) {
    const worker = byName.get(name);
    if (worker === undefined || sightings.registered.has(name)) {
      continue;
    }

    const lack = worker.lacks(request, new Date(droplet.created_at));
    sightings.workers.set(name, lack?.reason ?? worker.state);
    if (lack === undefined) {
      sightings.registered.add(name);
    } else if (lack.isFinal) {
      throw new ActionableError('WORKER_UNUSABLE', `Worker ${name} ${lack.reason}`);
    }
  }
}
