import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import type {Owned} from './worker.js';
import {ciIdOf, identify, nameTag} from './identity.js';

export type Selection = {
  workerName: string;
  /** All runs when not given. */
  runKey?: string | undefined;
  /** The CI id to take instead of the CI server's own. */
  ciId?: string | undefined;
};

/** Droplets of ours with this worker name that belong to the CI server at hand; none of another's, ever. */
export async function selectOwned(
  {workerName, runKey, ciId}: Selection,
  {digitalOcean, ci, signal}: Pick<Context, 'digitalOcean' | 'ci' | 'signal'>,
): Promise<Owned[]> {
  const [listed, own] = await Promise.all([
    digitalOcean.dropletsTagged(nameTag(workerName), signal),
    ciId === undefined ? ownCiId(ci, signal) : {id: ciId, isCertain: true},
  ]);
  const named = listed
    .map((droplet) => ({droplet, identity: identify(droplet)}))
    .filter(
      (each): each is Owned =>
        each.identity?.workerName === workerName.toLowerCase() &&
        (ci === undefined || each.identity.kind === ci.kind) &&
        (runKey === undefined || each.identity.runKey === runKey.toLowerCase()),
    );
  const ids = [...new Set(named.map(({identity}) => identity.ciId))].toSorted();

  if (own === undefined) {
    return ids.length > 1 ? undecided(workerName, named) : named;
  }

  const selected = named.filter(({identity}) => identity.ciId === own.id);
  // An id made of the URL given may differ from the server's own, so droplets of others prove nothing.
  return selected.length === 0 && !own.isCertain && named.length > 0
    ? undecided(workerName, named)
    : selected;
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
    signal.throwIfAborted();
    if (!(error instanceof ActionableError)) {
      throw error;
    }

    return {id: ciIdOf(ci.url), isCertain: false};
  }
}

function undecided(workerName: string, named: Owned[]): never {
  const describe = ({droplet, identity}: {droplet: Droplet; identity: Owned['identity']}) =>
    `- ${droplet.name} (${droplet.id}): CI id ${identity.ciId}`;
  throw new ActionableError(
    'CI_UNDECIDED',
    `Nothing was destroyed: droplets named ${workerName} are there, and which CI server they belong to cannot be told:\n${named
      .map((each) => describe(each))
      .join('\n')}`,
    [`Say which are meant: do-worker destroy ${workerName} --ci-id ID`],
  );
}
