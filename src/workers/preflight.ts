import type {CiServer, Place} from '../ci-server.js';
import type {Context} from '../context.js';
import {ActionableError, allChecks} from '../errors.js';
import {
  checkImage,
  checkSshKeys,
  checkVpc,
  placementsIn,
  type Placement,
} from './account-checks.js';
import {linked, ownedIn, placeOf, type Owned} from './worker.js';
import type {Plan} from './plan.js';
import {hasGpus} from './gpus.js';
import {ciIdOf, nameTag} from './identity.js';
import {moreDroplets} from './refusals.js';

export type Preflight = {
  ciId: string;
  /** In the order of preference; at least one. */
  placements: Placement[];
  /** Live droplets that the same run key made before. */
  adopted: Owned[];
  /** How many to make besides: fewer than asked for, where the account's limit leaves room for the minimum alone. */
  missing: number;
};

/** DigitalOcean gives no account a lower droplet limit than this (facts 10), so below it there is nothing to ask. */
const lowestDropletLimit = 3;

/** The code of the error when droplets are there of the same run, but not of what is asked for. */
export const othersThere = 'OTHERS_THERE';

/** Checks all that can be known before it costs money; writes nothing. */
export async function preflight(
  plan: Plan,
  ci: CiServer,
  {digitalOcean, progress, signal}: Pick<Context, 'digitalOcean' | 'progress' | 'signal'>,
): Promise<Preflight> {
  const [summary, ciId, placements, first] = await allChecks([
    ci.preflight(plan.workerRequest, signal),
    ciIdFor(plan.ciId, ci, signal),
    digitalOcean.sizes(signal).then((sizes) => placementsIn(plan, sizes)),
    digitalOcean.firstDroplets(signal),
    checkImage(plan, digitalOcean, signal),
    checkSshKeys(plan, digitalOcean, signal),
    checkVpc(plan, digitalOcean, signal),
  ] as const);
  progress.note(summary);

  const withGpus = hasGpus(...plan.sizes);
  const isPartial = first.total > first.droplets.length || withGpus;
  const droplets =
    isPartial && plan.isRunKeyGiven
      ? await digitalOcean.dropletsTagged(nameTag(plan.workerName), signal, {withGpus})
      : first.droplets;
  const sameRun = ownedIn(droplets)
    .filter(
      ({identity, droplet}) =>
        identity.kind === ci.kind &&
        identity.ciId === ciId &&
        identity.workerName === plan.workerName.toLowerCase() &&
        identity.runKey === plan.runKey &&
        ['new', 'active'].includes(droplet.status),
    )
    .toSorted((a, b) => a.droplet.id - b.droplet.id);
  const more = sameRun.slice(plan.count);
  if (more.length > 0) {
    progress.note(
      `More droplets of run ${plan.runKey} are there than asked for, and are billed too: ${more.map(({droplet}) => droplet.name).join(', ')}`,
    );
  }

  const adopted = sameRun.slice(0, plan.count);
  const others = adopted.filter(({droplet}) => !isAskedFor(placeOf(droplet), plan));
  if (plan.refusesOthers === true && others.length > 0) {
    throw refused(others, plan);
  }

  const missing = plan.count - adopted.length;
  const isNearLimit = missing > 0 && first.total + missing > lowestDropletLimit;
  const limit = isNearLimit ? await dropletLimit(digitalOcean, signal) : Infinity;
  const room = Math.max(limit - first.total, 0);
  const needed = Math.max(plan.min - adopted.length, 0);
  if (needed > room) {
    throw new ActionableError(
      'DROPLET_LIMIT',
      `${needed} more would exceed the droplet limit of ${limit}: the account has ${first.total}`,
      [...moreDroplets({kind: ci.kind, ci}), 'Or be content with fewer: --min'],
    );
  }

  if (missing > room) {
    progress.note(`The account's droplet limit leaves room for ${room} more, not ${missing}`);
  }

  return {ciId, placements, adopted, missing: Math.min(missing, room)};
}

/** Whether a size and a region of the lists, of which an earlier create may have got any. */
export function isAskedFor(
  {size, region}: Place,
  {sizes, regions}: Pick<Plan, 'sizes' | 'regions'>,
): boolean {
  return sizes.includes(size) && regions.includes(region);
}

function refused(others: Owned[], {sizes, regions}: Plan): ActionableError {
  const there = others.map(({droplet}) => {
    const {size, region} = placeOf(droplet);
    return `${linked(droplet)}, ${size} in ${region}`;
  });
  return new ActionableError(
    othersThere,
    `Nothing was created: ${sizes.join(' or ')} in ${regions.join(' or ')} is asked for, but of the same run and name there is ${there.join('; ')}`,
  );
}

async function ciIdFor(
  given: string | undefined,
  ci: CiServer,
  signal: AbortSignal,
): Promise<string> {
  return given ?? ciIdOf(await ci.externalUrl(signal));
}

async function dropletLimit(
  digitalOcean: Context['digitalOcean'],
  signal: AbortSignal,
): Promise<number> {
  const {
    droplet_limit: limit = Infinity,
    status,
    status_message: message,
  } = await digitalOcean.account(signal);
  if (status === 'locked') {
    throw new ActionableError(
      'ACCOUNT_LOCKED',
      `The DigitalOcean account is locked${message ? `: ${message}` : ''}`,
      ['See https://cloud.digitalocean.com'],
    );
  }

  return limit;
}
