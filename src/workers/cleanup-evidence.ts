import type {Kind} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError, survivable} from '../errors.js';
import type {CleanupRequest} from './cleanup.js';
import type {Evidence} from './cleanup-decisions.js';
import {identify, markerTag, nameTag} from './identity.js';
import {ownCiId} from './select.js';
import {cleanupCommand, type Meant} from './suggested.js';
import {ownedIn, type Owned} from './worker.js';

/** After its ttl; a CI server that is alive has had its cleanup run by then. */
const forsakenSeconds = 3600;

/** Everything that a decision rests on, as it is at this moment. */
export async function look(
  {workerName, ciId}: CleanupRequest,
  {digitalOcean, kind, ci, progress, signal, time}: Context,
): Promise<Evidence> {
  const tag = workerName === undefined ? markerTag : nameTag(workerName);
  const [droplets, own, {listing, silence}] = await Promise.all([
    digitalOcean.dropletsTagged(tag, signal, {withGpus: true}),
    ownCiId(ci, signal),
    listed(ci, signal),
  ]);
  const known = ownedIn(droplets).filter(({identity}) => identity.kind === kind);
  const ids = [...new Set(known.map(({identity}) => identity.ciId))];
  const id = ciId ?? own?.id ?? (ids.length === 1 ? ids[0] : undefined);
  const owned = known.filter(({identity}) => identity.ciId === id);
  const isOwn = ciId === undefined || ciId === own?.id;
  const isDecided = ciId !== undefined || own?.isCertain === true;
  if (owned.length === 0 && known.length > 0 && !isDecided) {
    undecided(known.length, ids, {kind, ci});
  }

  const isOthers = !isOwn && listing !== undefined;
  const why = isOthers
    ? `the CI server at ${ci?.url} has the CI id ${own?.id}, so its workers are not those of ${ciId}`
    : silence;
  tellOfLimit(why, progress);
  tellOfForsaken(
    known.filter(({identity}) => identity.ciId !== id),
    {digitalOcean, kind, progress},
  );
  return {
    owned,
    marked: droplets,
    suspects: droplets.filter((droplet) => isSuspect(droplet, kind, id)),
    workers: undefined,
    isCiSilent: ci !== undefined && (!isOwn || listing === undefined),
    areAllListed: false,
    ...(isOwn && listing),
    serviceTime: digitalOcean.time,
    localTime: time.now(),
  };
}

function tellOfLimit(why: string | undefined, progress: Context['progress']): void {
  if (why !== undefined) {
    progress.note(`Only expired and switched-off droplets are deleted: ${why}`);
  }
}

/** Another CI server's own cleanup would have taken them by now: maybe it is no more, or has changed its URL. */
function tellOfForsaken(
  foreign: Owned[],
  {digitalOcean, kind, progress}: Pick<Context, 'digitalOcean' | 'kind' | 'progress'>,
): void {
  const {time: now = 0} = digitalOcean;
  const forsaken = foreign.filter(({droplet, identity: {ttlSeconds = Infinity}}) => {
    const endsAt = Date.parse(droplet.created_at) + ttlSeconds * 1000;
    return now - endsAt > forsakenSeconds * 1000;
  });
  for (const ciId of new Set(forsaken.map(({identity}) => identity.ciId))) {
    const names = forsaken
      .filter(({identity}) => identity.ciId === ciId)
      .map(({droplet}) => droplet.name);
    progress.note(
      `Expired long ago, billed, and of another CI server: ${names.join(', ')}. If it is no more: ${cleanupCommand({kind, ciId, ci: undefined})}`,
    );
  }
}

function undecided(count: number, ids: string[], meant: Meant): never {
  throw new ActionableError(
    'CI_UNDECIDED',
    `Nothing was cleaned up: which of ${count} droplets belong to this CI server cannot be told; their CI ids are ${ids.join(', ')}`,
    [`Say which are meant: ${cleanupCommand({...meant, ciId: 'ID'})}`],
  );
}

/** Carries some of our tags, but not all that make it ours: somebody took them off, or a cleanup was killed. */
function isSuspect(droplet: Droplet, kind: Kind, ciId: string | undefined): boolean {
  const tags = (droplet.tags ?? []).map((tag) => tag.toLowerCase());
  const isOfNobody = tags.every((tag) => !tag.startsWith(`${markerTag}:ci:`));
  return (
    identify(droplet) === undefined &&
    (tags.includes(`${markerTag}:ci:${ciId}`) ||
      (isOfNobody && tags.includes(`${markerTag}:kind:${kind}`)))
  );
}

/** What the CI server lists, or why it does not. */
async function listed(
  ci: Context['ci'],
  signal: AbortSignal,
): Promise<{listing?: Pick<Evidence, 'workers' | 'areAllListed'>; silence?: string}> {
  if (ci === undefined) {
    return {};
  }

  try {
    const [workers, areAllListed] = await Promise.all([ci.list(signal), ci.listsAll(signal)]);
    return {listing: {workers, areAllListed}};
  } catch (error) {
    return {silence: survivable(error, signal).message};
  }
}
