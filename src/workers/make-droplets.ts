import type {Bootstrap, CiServer} from '../ci-server.js';
import {renderUserData} from '../cloud-init/render.js';
import type {Context} from '../context.js';
import type {Droplet, NewDroplets} from '../digitalocean/types.js';
import {ActionableError, ApiError, NoAnswer} from '../errors.js';
import type {Placement, Preflight} from './preflight.js';
import {StillWaiting, orStillWaiting, pollUntil} from './poll.js';
import type {Plan} from './plan.js';
import {identify, nameTag, tagsFor} from './identity.js';

/** DigitalOcean takes this many names in one POST, and makes all of them or none. */
const namesPerPost = 10;
/** How long a new droplet or key may be missing from DigitalOcean's answers (facts 1, 8). */
const lagSeconds = 60;
const lagPollSeconds = 5;

/** What has been asked of DigitalOcean so far: kept up to date while it goes on, for the undoing. */
export type Ledger = {
  /** Names that the CI server may have a record of. */
  prepared: string[];
  created: Droplet[];
  /** Names whose POST got no clear answer: droplets that may exist. */
  uncertain: Set<string>;
};

type Making = Pick<Preflight, 'ciId' | 'placements'> & {
  plan: Plan;
  ci: CiServer;
  /** How many of them are enough. */
  min: number;
};

/** Makes the droplets of these bootstraps, in the first placement that has room. */
export async function makeDroplets(
  bootstraps: Bootstrap[],
  {plan, ci, ciId, placements, min}: Making,
  ledger: Ledger,
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const sshKeys = await accountKeys(plan, context);
  const tags = tagsFor({
    kind: ci.kind,
    ciId,
    workerName: plan.workerName,
    ttlSeconds: plan.ttlSeconds,
  });
  const common = {
    image: plan.image,
    tags,
    with_droplet_agent: false,
    ...(sshKeys.length > 0 && {ssh_keys: sshKeys}),
    ...(plan.vpc !== undefined && {vpc_uuid: plan.vpc}),
  };
  const open = [...placements];
  try {
    for (const {names, values} of bootstraps) {
      const userData = await renderUserData(plan.template, values);
      for (let first = 0; first < names.length; first += namesPerPost) {
        const batch = {
          ...common,
          names: names.slice(first, first + namesPerPost),
          user_data: userData,
        };
        await makeBatch(batch, open, ledger, context);
      }
    }
  } catch (error) {
    const isRefused = error instanceof ActionableError && ledger.uncertain.size === 0;
    if (!isRefused || context.signal.aborted || ledger.created.length < Math.max(min, 1)) {
      throw error;
    }

    context.progress.note(`${ledger.created.length} droplets have to be enough: ${error.message}`);
  }

  const unmarked = ledger.created.find((droplet) => identify(droplet) === undefined);
  if (unmarked !== undefined) {
    throw new ActionableError(
      'TAGS_LOST',
      `DigitalOcean made droplet ${unmarked.name} (${unmarked.id}) without its tags, so no later command would know it as ours`,
      ['Give the token the scopes tag:create and tag:read'],
    );
  }
}

/** `open` loses its first placement each time DigitalOcean has no room there. */
async function makeBatch(
  batch: Omit<NewDroplets, 'region' | 'size'>,
  open: Placement[],
  ledger: Ledger,
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<void> {
  for (;;) {
    const {region, size} = open[0]!;
    context.signal.throwIfAborted();
    for (const name of batch.names) {
      ledger.uncertain.add(name);
    }

    try {
      ledger.created.push(...(await post({...batch, region, size}, context)));
      settle(batch.names, ledger);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) {
        throw error;
      }

      settle(batch.names, ledger);
      if (!isNoRoom(error) || open.length === 1) {
        throw explainRefusal(error, region, size);
      }

      open.shift();
      context.progress.note(
        `${size} in ${region} cannot be had (${error.detail}); trying ${open[0]!.size} in ${open[0]!.region}`,
      );
    }
  }
}

function settle(names: string[], {uncertain}: Ledger): void {
  for (const name of names) {
    uncertain.delete(name);
  }
}

/**
 * One POST, never repeated unless it was refused: there is no idempotency key, and names need not be unique.
 * A signal does not cut it short, because an answer that is lost costs more than the wait.
 */
async function post(
  droplets: NewDroplets,
  {
    digitalOcean,
    progress,
    signal,
    time,
  }: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>,
): Promise<Droplet[]> {
  try {
    return await pollUntil(
      async () => {
        try {
          return await digitalOcean.createDroplets(droplets);
        } catch (error) {
          // A key that was added a moment ago is unknown for some seconds.
          throw error instanceof ApiError && /invalid key identifiers/iv.test(error.detail)
            ? new StillWaiting(error.message, error.suggestions)
            : error;
        }
      },
      {everySeconds: lagPollSeconds, forSeconds: lagSeconds},
      {time, signal},
    );
  } catch (error) {
    if (error instanceof NoAnswer || (error instanceof ApiError && error.status >= 500)) {
      progress.note(`${error.message}. Looking whether the droplets were made all the same`);
      return findMade(droplets, error, {digitalOcean, signal, time});
    }

    throw error;
  }
}

/** The droplets of a POST whose answer was lost, as the list shows them after a while. */
async function findMade(
  {names, tags}: NewDroplets,
  lost: ActionableError,
  {digitalOcean, signal, time}: Pick<Context, 'digitalOcean' | 'signal' | 'time'>,
): Promise<Droplet[]> {
  const tag = tags.find((each) => each.startsWith(nameTag('')))!;
  return pollUntil(
    async () => {
      const listed = await digitalOcean.dropletsTagged(tag, signal).catch(orStillWaiting);
      const made = listed.filter(({name}) => names.includes(name));
      if (made.length < names.length) {
        throw new StillWaiting(
          `${lost.message}, and ${names.length - made.length} of ${names.length} droplets have not appeared within ${lagSeconds} s`,
          ['Try again in a minute', ...lost.suggestions],
        );
      }

      return made;
    },
    {everySeconds: lagPollSeconds, forSeconds: lagSeconds},
    {time, signal},
  );
}

async function accountKeys(
  {sshKeys, dropletKey, workerName}: Plan,
  {digitalOcean, signal}: Pick<Context, 'digitalOcean' | 'signal'>,
): Promise<Array<string | number>> {
  if (dropletKey === undefined) {
    return sshKeys;
  }

  const {publicKeyLine, md5Fingerprint} = dropletKey;
  const known = await digitalOcean.sshKey(md5Fingerprint, signal);
  if (known === undefined) {
    try {
      await digitalOcean.addSshKey(`do-worker ${workerName}`, publicKeyLine, signal);
    } catch (error) {
      // Another create may have added it since.
      if (!(
        error instanceof ApiError &&
        error.status === 422 &&
        /already in use/iv.test(error.detail)
      )) {
        throw error;
      }
    }
  }

  return [...sshKeys, md5Fingerprint];
}

function isNoRoom({status, detail}: ApiError): boolean {
  return status === 422 && /not available|unavailable/iv.test(detail);
}

function explainRefusal(error: ApiError, region: string, size: string): ActionableError {
  if (/droplet limit/iv.test(error.detail)) {
    return new ActionableError('DROPLET_LIMIT', error.message, [
      'See which droplets are workers: do-worker list',
      'Ask DigitalOcean for a higher limit',
    ]);
  }

  if (isNoRoom(error)) {
    return new ActionableError('SIZE_UNAVAILABLE', `${error.message} (${size} in ${region})`, [
      'Name more regions or sizes to fall back on: --region ams3,fra1 --size s-2vcpu-2gb,s-2vcpu-4gb',
    ]);
  }

  return error;
}
