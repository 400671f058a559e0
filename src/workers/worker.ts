import type {CiWorker, Place} from '../ci-server.js';
import type {Droplet} from '../digitalocean/types.js';
import {hasStem, identify, runKeyIn, type Identity} from './identity.js';

/** A worker as every command and `--json` shows it; times in seconds, prices in US dollars. */
export type Worker = {
  /** The droplet's name, under which the worker registers. */
  name: string;
  workerName: string;
  run: string;
  kind: string;
  ciId: string;
  id: number;
  region: string;
  size: string;
  ip: string | null;
  dropletStatus: string;
  /** The CI server's word; null when it does not list the worker, `unknown` when it was not asked or did not answer. */
  workerState: string | null;
  createdAt: string;
  ageSeconds: number;
  ttlSeconds: number | null;
  ttlLeftSeconds: number | null;
  priceHourly: number | null;
  /** What it costs from its creation until its ttl has passed. */
  worstCost: number | null;
};

export type Owned = {
  droplet: Droplet;
  identity: Identity;
  /** Known from the answer to its POST: lists may not show it yet. */
  isJustMade?: boolean;
};

/** Those of the droplets that are ours, whichever CI server they are for. */
export function ownedIn(droplets: Droplet[]): Owned[] {
  return droplets
    .map((droplet) => ({droplet, identity: identify(droplet)}))
    .filter((each): each is Owned => each.identity !== undefined);
}

/** Whether a worker on our CI server's own list is ours: its tag and the form of its name say so. */
export function isOurWorker({name, tags}: CiWorker): boolean {
  return tags.some((tag) => runKeyIn(name, tag) !== undefined || hasStem(name, tag));
}

/** A droplet that this very call asked for: ours whatever tags it shows. */
export function asMade(droplet: Droplet): Owned {
  const unmarked = {kind: '', ciId: '', workerName: '', runKey: '', ttlSeconds: undefined};
  return {droplet, identity: identify(droplet) ?? unmarked, isJustMade: true};
}

/** A droplet of ours as a worker to show; `now` in milliseconds, and its own price where none is given. */
export function describeWorker(
  {droplet, identity}: Owned,
  {
    now,
    priceHourly,
    workerState,
  }: {now: number; priceHourly?: number | undefined; workerState: string | null},
): Worker {
  const ageSeconds = Math.max(0, Math.round((now - Date.parse(droplet.created_at)) / 1000));
  const {ttlSeconds = null} = identity;
  const price = priceHourly ?? droplet.size?.price_hourly ?? null;
  return {
    name: droplet.name,
    workerName: identity.workerName,
    run: identity.runKey,
    kind: identity.kind,
    ciId: identity.ciId,
    id: droplet.id,
    ...placeOf(droplet),
    ip: publicAddress(droplet) ?? null,
    dropletStatus: droplet.status,
    workerState,
    createdAt: droplet.created_at,
    ageSeconds,
    ttlSeconds,
    ttlLeftSeconds: ttlSeconds === null ? null : ttlSeconds - ageSeconds,
    priceHourly: price,
    worstCost: worstCost(price, ttlSeconds),
  };
}

/** Where and how large a droplet is. */
export function placeOf({region, size_slug: size}: Droplet): Place {
  return {region: region.slug, size};
}

/** A droplet as a person looks it up. */
export function linked({name, id}: {name: string; id: number}): string {
  return `${name} (https://cloud.digitalocean.com/droplets/${id})`;
}

/** DigitalOcean lists private addresses too, often first. */
export function publicAddress({networks}: Pick<Droplet, 'networks'>): string | undefined {
  return networks.v4.find(({type}) => type === 'public')?.ip_address;
}

/** US dollars for a whole ttl, rounded up to 0.0001; null when the price or the ttl is unknown. */
export function worstCost(priceHourly: number | null, ttlSeconds: number | null): number | null {
  return priceHourly === null || ttlSeconds === null
    ? null
    : Math.ceil(((priceHourly * ttlSeconds) / 3600) * 10_000 - 1e-6) / 10_000;
}

/** A sum of US dollars, without what binary fractions add. */
export function totalOf(amounts: number[]): number {
  return Math.round(amounts.reduce((total, amount) => total + amount, 0) * 100_000) / 100_000;
}

/** The CI server's word for this droplet's worker, given what it lists (undefined: it gave no list). */
export function stateIn(workers: CiWorker[] | undefined, name: string): string | null {
  return workers === undefined
    ? 'unknown'
    : (workers.find((worker) => worker.name === name)?.state ?? null);
}
