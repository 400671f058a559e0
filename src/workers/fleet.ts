import type {Advice, CiWorker, WorkerRequest} from '../ci-server.js';
import type {Droplet} from '../digitalocean/types.js';
import type {ActionableError} from '../errors.js';
import {
  deleted,
  dropletVanished,
  neverMade,
  switchedOff,
  tagsLost,
  unusable,
} from './fleet-failures.js';
import {publicAddress} from './worker.js';
import {identify, type Identity} from './identity.js';

export type FleetSize = {
  /** How many are wanted, and how many are enough. */
  count: number;
  min: number;
};

/** A new droplet may be missing from lists for this long before it counts as dropped by DigitalOcean. */
const listingLagSeconds = 60;

/** A cleanup that saw a tag unused deletes it well within this time. */
const tagRaceSeconds = 15;

/** The droplets that one create waits for, and what was last seen of each. */
export class Fleet {
  readonly droplets = new Map<string, Droplet>();
  readonly registered = new Set<string>();
  readonly #states = new Map<string, string>();
  readonly #failures = new Map<string, ActionableError>();
  readonly #missing = new Map<string, number>();
  #lastListed = new Set<number>();
  /** How many seconds after the POSTs a listing has shown all of them, at the latest; undefined before one has. */
  #allListedAfter: number | undefined;

  constructor(
    readonly size: FleetSize,
    /** Whose droplets count as the same run's; undefined for a run key that nobody else has. */
    readonly run: Omit<Identity, 'ttlSeconds'> | undefined,
    readonly advice: Advice,
  ) {}

  /** Takes in droplets to wait for; one of a name that is known replaces it. */
  expect(droplets: Droplet[]): void {
    for (const droplet of droplets) {
      this.droplets.set(droplet.name, droplet);
    }
  }

  /** Forgets those that did not become workers. */
  keepRegistered(): void {
    for (const name of this.droplets.keys()) {
      if (!this.registered.has(name)) {
        this.droplets.delete(name);
      }
    }
  }

  /**
   * Whether success may be told. With a run key that another create may have too, only after one listing has shown all
   * droplets of this one: then each of two has seen the other.
   */
  get isSettled(): boolean {
    return this.run === undefined || this.#allListedAfter !== undefined;
  }

  /** Whether a listing has shown all so late that no cleanup can still take their tag for unused. */
  get isConfirmed(): boolean {
    return this.#allListedAfter !== undefined && this.#allListedAfter >= tagRaceSeconds;
  }

  /** Those that may still register. */
  get pending(): Droplet[] {
    return [...this.droplets.values()].filter(
      ({name}) => !this.registered.has(name) && !this.#failures.has(name),
    );
  }

  /** Those that are workers, and that the last listing did not show. */
  get unlisted(): Droplet[] {
    return [...this.droplets.values()].filter(
      ({id, name}) => this.registered.has(name) && !this.#lastListed.has(id),
    );
  }

  /** Takes in that a droplet is gone; throws when too few are left. */
  lose(droplet: Droplet): void {
    this.#fail(droplet.name, deleted(droplet));
  }

  /** Takes in that a droplet is there but not ours any more, by its tags; throws when too few are left. */
  loseTags(droplet: Droplet): void {
    this.#fail(droplet.name, tagsLost(droplet));
  }

  /** Whether a droplet was there, or promised, and is not there any more. */
  isGone(name: string): boolean {
    return this.#failures.get(name)?.code === dropletVanished;
  }

  /** Why droplets will not become workers. */
  get failures(): ActionableError[] {
    return [...this.#failures.values()];
  }

  /** The CI server's last word on a worker, or what it lacked; null before it was listed. */
  stateOf(name: string): string | null {
    return this.#states.get(name) ?? null;
  }

  /** A line for each that has not registered. */
  describe(): string[] {
    return [...this.droplets.values()]
      .filter(({name}) => !this.registered.has(name))
      .map((droplet) => {
        const address = publicAddress(droplet);
        const where = address === undefined ? '' : ` at ${address}`;
        const worker = this.#states.get(droplet.name) ?? 'not listed yet';
        return `${droplet.name}: droplet ${droplet.id} ${droplet.status}${where}, worker ${worker}`;
      });
  }

  /** Takes in a listing of droplets; throws when too few are left. */
  seeDroplets(listed: Droplet[], passedSeconds: number, everySeconds: number): void {
    const byId = new Map(listed.map((droplet) => [droplet.id, droplet]));
    this.#lastListed = new Set(byId.keys());
    if ([...this.droplets.values()].every(({id, name}) => byId.has(id) || this.isGone(name))) {
      this.#allListedAfter = Math.max(this.#allListedAfter ?? 0, passedSeconds);
    }

    for (const [name, last] of this.droplets) {
      const droplet = byId.get(last.id);
      if (droplet === undefined) {
        this.#miss(last, passedSeconds, everySeconds);
      } else {
        this.#missing.delete(name);
        this.droplets.set(name, droplet);
        if (droplet.status === 'off' || droplet.status === 'archive') {
          this.#fail(name, switchedOff(droplet, this.advice));
        }
      }
    }
  }

  /** Takes in a listing of workers. One web node may lag behind another, so a worker once registered stays so. */
  seeWorkers(workers: CiWorker[], request: WorkerRequest): void {
    const byName = new Map(workers.map((worker) => [worker.name, worker]));
    for (const {name, created_at: createdAt} of this.pending) {
      const worker = byName.get(name);
      const lack = worker?.lacks(request, new Date(createdAt));
      if (worker === undefined) {
        continue;
      }

      this.#states.set(name, lack?.reason ?? worker.state);
      if (lack === undefined) {
        this.registered.add(name);
      } else if (lack.isFinal) {
        this.#fail(name, unusable(name, lack.reason));
      }
    }
  }

  /**
   * When another create of the same run key made droplets at the same time, both keep the oldest and give up the
   * rest: no lock is needed, because both choose alike. Gives those that are given up.
   */
  yieldToRivals(listed: Droplet[]): Droplet[] {
    const rivals = listed.filter((droplet) => this.#isSameRun(droplet));
    if (this.run === undefined || rivals.length <= this.size.count) {
      return [];
    }

    const kept = rivals.toSorted((a, b) => a.id - b.id).slice(0, this.size.count);
    const surplus = new Set(rivals.filter((rival) => !kept.includes(rival)).map(({id}) => id));
    const yielded = [...this.droplets.values()].filter(
      ({id, name}) => surplus.has(id) && !this.registered.has(name),
    );
    for (const {name} of yielded) {
      this.droplets.delete(name);
    }

    this.expect(
      kept
        .filter(({name}) => !this.droplets.has(name))
        .slice(0, this.size.count - this.droplets.size),
    );
    return yielded;
  }

  #isSameRun(droplet: Droplet): boolean {
    const identity = identify(droplet);
    return (
      ['new', 'active'].includes(droplet.status) &&
      identity?.kind === this.run?.kind &&
      identity?.ciId === this.run?.ciId &&
      identity?.workerName === this.run?.workerName &&
      identity?.runKey === this.run?.runKey
    );
  }

  /** Missing once may be a page that shifted; a new one may lag behind. */
  #miss(droplet: Droplet, passedSeconds: number, everySeconds: number): void {
    const {name, status} = droplet;
    const seconds = (this.#missing.get(name) ?? 0) + everySeconds;
    this.#missing.set(name, seconds);
    const wasListed = status === 'active';
    if (seconds < 2 * everySeconds || (!wasListed && passedSeconds < listingLagSeconds)) {
      return;
    }

    this.#fail(name, wasListed ? deleted(droplet) : neverMade(droplet));
  }

  #fail(name: string, error: ActionableError): void {
    this.registered.delete(name);
    this.#failures.set(name, error);
    if (this.droplets.size - this.#failures.size < this.size.min) {
      throw error;
    }
  }
}
