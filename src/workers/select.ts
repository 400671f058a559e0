import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError, survivable} from '../errors.js';
import type {Leftover} from './delete.js';
import {linked, ownedIn, type Owned} from './worker.js';
import {ciIdOf, identify, isSame, markerTag, nameTag} from './identity.js';
import {destroyCommand, type Meant} from './suggested.js';

export type Selection = {
  workerName: string;
  /** All runs when not given. */
  runKey?: string | undefined;
  /** The CI id to take instead of the CI server's own. */
  ciId?: string | undefined;
  /** GPU droplets are missing from lists by tag: whether to ask for them in any case, not only for want of others. */
  withGpus?: boolean | undefined;
};

export type Selected = {
  owned: Owned[];
  /** Of the same worker name, but of another run or another CI server. */
  others: Owned[];
};

/** Droplets of ours with this worker name that belong to the CI server at hand; none of another's, ever. */
export async function selectOwned(
  {workerName, runKey, ciId, withGpus = false}: Selection,
  {digitalOcean, kind, ci, signal}: Pick<Context, 'digitalOcean' | 'kind' | 'ci' | 'signal'>,
): Promise<Selected> {
  const tag = nameTag(workerName);
  const [byTag, own] = await Promise.all([
    digitalOcean.dropletsTagged(tag, signal, {withGpus}),
    ciId === undefined ? ownCiId(ci, signal) : {id: ciId, isCertain: true},
  ]);
  const isMeant = ({identity}: Owned) =>
    identity.kind === kind && (runKey === undefined || identity.runKey === runKey.toLowerCase());
  let named = ofName(byTag, workerName);
  if (!withGpus && named.every((each) => !isMeant(each))) {
    named = ofName(await digitalOcean.dropletsTagged(tag, signal, {withGpus: true}), workerName);
  }

  const meant = named.filter((each) => isMeant(each));
  const ids = [...new Set(meant.map(({identity}) => identity.ciId))];
  if (own === undefined && ids.length > 1) {
    return undecided({workerName, runKey, kind, ci}, meant);
  }

  const owned = meant.filter(({identity}) => own === undefined || identity.ciId === own.id);
  // An id made of the URL given may differ from the server's own, so droplets of others prove nothing.
  return owned.length === 0 && meant.length > 0 && own?.isCertain === false
    ? undecided({workerName, runKey, kind, ci}, meant)
    : {owned, others: named.filter((each) => !owned.includes(each))};
}

/**
 * Those of the droplets that are ours by their fields as they are now, after a wait; what became somebody else's is left
 * alone. One that lists do not show is asked for by itself, and kept when DigitalOcean does not know it: lists lag. Where
 * it cannot be told, the droplet is a leftover.
 */
export async function stillOwned(
  owned: Owned[],
  {digitalOcean, progress, signal}: Pick<Context, 'digitalOcean' | 'progress' | 'signal'>,
): Promise<{kept: Owned[]; unclear: Leftover[]}> {
  const fresh = new Map<number, Droplet>();
  for (const workerName of new Set(owned.map(({identity}) => identity.workerName))) {
    const tag = nameTag(workerName);
    for (const droplet of await digitalOcean.dropletsTagged(tag, signal).catch(() => [])) {
      fresh.set(droplet.id, droplet);
    }
  }

  const kept: Owned[] = [];
  const unclear: Leftover[] = [];
  for (const each of owned) {
    const {droplet, identity} = each;
    const {id, name} = droplet;
    try {
      const now = fresh.get(id) ?? (await digitalOcean.droplet(id, signal));
      if (now === undefined || isSame(identity, identify(now))) {
        kept.push(each);
      } else {
        progress.note(
          `Left alone: ${linked(droplet)} has other tags now, and is not ours any more`,
        );
      }
    } catch (error) {
      const {message, suggestions} = survivable(error, signal);
      const reason = `whether it is still ours could not be told: ${message}`;
      unclear.push({name, id, reason, suggestions});
    }
  }

  return {kept, unclear};
}

function ofName(droplets: Droplet[], workerName: string): Owned[] {
  return ownedIn(droplets).filter(({identity}) => identity.workerName === workerName.toLowerCase());
}

/** Undefined when there is no CI server to ask. */
export async function ownCiId(
  ci: CiServer | undefined,
  signal: AbortSignal,
): Promise<{id: string; isCertain: boolean} | undefined> {
  if (ci === undefined) {
    return undefined;
  }

  try {
    return {id: ciIdOf(await ci.externalUrl(signal)), isCertain: true};
  } catch (error) {
    survivable(error, signal);
    return {id: ciIdOf(ci.url), isCertain: false};
  }
}

function undecided(asked: Selection & Meant, named: Owned[]): never {
  const describe = ({droplet, identity}: {droplet: Droplet; identity: Owned['identity']}) =>
    `- ${droplet.name} (${droplet.id}): CI id ${identity.ciId}`;
  throw new ActionableError(
    'CI_UNDECIDED',
    `Nothing was destroyed: droplets named ${asked.workerName} are there, and which CI server they belong to cannot be told:\n${named
      .map((each) => describe(each))
      .join('\n')}`,
    [`Say which are meant: ${destroyCommand({...asked, ciId: 'ID'})}`],
  );
}

/** Droplets of ours of one run, whatever their worker name. */
export async function selectRun(
  {runKey, ciId}: {runKey: string; ciId: string | undefined},
  {digitalOcean, kind, ci, signal}: Pick<Context, 'digitalOcean' | 'kind' | 'ci' | 'signal'>,
): Promise<Owned[]> {
  const id = ciId ?? (await ownCiId(ci, signal))?.id;
  const droplets = await digitalOcean.dropletsTagged(markerTag, signal, {withGpus: true});
  return ownedIn(droplets).filter(
    ({identity}) => identity.runKey === runKey && identity.ciId === id && identity.kind === kind,
  );
}
