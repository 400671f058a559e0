import type {Bootstrap, CiServer} from '../ci-server.js';
import {renderUserData} from '../cloud-init/render.js';
import type {Context} from '../context.js';
import type {Droplet, NewDroplets} from '../digitalocean/types.js';
import {ActionableError, ApiError, NoAnswer} from '../errors.js';
import type {Placement, Preflight} from './preflight.js';
import {explainRefusal, isNoRoom} from './refusals.js';
import {
  StillWaiting,
  isUncertain,
  lagPollSeconds,
  lagSeconds,
  orStillWaiting,
  pollUntil,
} from './poll.js';
import {accountKeys} from './account-keys.js';
import type {Plan} from './plan.js';
import {identify, nameTag, tagsFor} from './identity.js';

/** DigitalOcean takes this many names in one POST, and makes all of them or none. */
const namesPerPost = 10;

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
  context: Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>;
};

/** Makes the droplets of these bootstraps, in the first placement that has room. */
export async function makeDroplets(
  bootstraps: Bootstrap[],
  {plan, ci, ciId, placements, min}: Omit<Making, 'context'>,
  ledger: Ledger,
  context: Making['context'],
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
  context: Making['context'],
): Promise<void> {
  for (;;) {
    const {region, size} = open[0]!;
    context.signal.throwIfAborted();
    for (const name of batch.names) {
      ledger.uncertain.add(name);
    }

    const answer = await post({...batch, region, size}, context);
    if (Array.isArray(answer)) {
      enter(answer, ledger);
      await findMissing(batch, undefined, ledger, context);
      return;
    }

    if (isUncertain(answer)) {
      await findMissing(batch, answer, ledger, context);
      return;
    }

    for (const name of batch.names) {
      ledger.uncertain.delete(name);
    }

    if (!isNoRoom(answer) || open.length === 1) {
      throw explainRefusal(answer, region, size);
    }

    open.shift();
    context.progress.note(
      `${size} in ${region} cannot be had (${answer.detail}); trying ${open[0]!.size} in ${open[0]!.region}`,
    );
  }
}

/**
 * One POST, never repeated unless it was refused: there is no idempotency key, and names need not be unique.
 * A signal does not cut it short, because an answer that is lost costs more than the wait.
 */
async function post(
  droplets: NewDroplets,
  {digitalOcean, signal, time}: Making['context'],
): Promise<Droplet[] | ActionableError> {
  const never = new AbortController().signal;
  try {
    return await pollUntil(
      async () => {
        signal.throwIfAborted();
        try {
          return await digitalOcean.createDroplets(droplets);
        } catch (error) {
          // A key that was added a moment ago is unknown for some seconds.
          throw error instanceof ApiError && /invalid key identifiers/iv.test(error.detail)
            ? new KeyLag(error)
            : error;
        }
      },
      {everySeconds: lagPollSeconds, forSeconds: lagSeconds},
      {time, signal: never},
    );
  } catch (error) {
    const cause = error instanceof KeyLag ? error.refusal : error;
    if (cause instanceof NoAnswer || cause instanceof ApiError) {
      return cause;
    }

    throw cause;
  }
}

class KeyLag extends StillWaiting {
  constructor(readonly refusal: ApiError) {
    super(refusal.message);
  }
}

/** Enters droplets into the ledger; one whose name was not asked for is none of ours. */
function enter(droplets: Droplet[], {created, uncertain}: Ledger): void {
  for (const droplet of droplets.filter(({name}) => uncertain.has(name))) {
    created.push(droplet);
    uncertain.delete(droplet.name);
  }
}

/** Looks for droplets that the POST did not name in a clear answer, for as long as lists may lag. */
async function findMissing(
  {names, tags}: Pick<NewDroplets, 'names' | 'tags'>,
  lost: ActionableError | undefined,
  ledger: Ledger,
  {digitalOcean, progress, signal, time}: Making['context'],
): Promise<void> {
  if (names.every((name) => !ledger.uncertain.has(name))) {
    return;
  }

  const why = lost?.message ?? 'DigitalOcean named fewer droplets than were asked for';
  progress.note(`${why}. Looking whether the droplets were made all the same`);
  const tag = tags.find((each) => each.startsWith(nameTag('')))!;
  await pollUntil(
    async () => {
      enter(await digitalOcean.dropletsTagged(tag, signal).catch(orStillWaiting), ledger);
      const missing = names.filter((name) => ledger.uncertain.has(name));
      if (missing.length > 0) {
        throw new StillWaiting(
          `${why}, and ${missing.length} of ${names.length} droplets have not appeared within ${lagSeconds} s`,
          ['Try again in a minute', ...(lost?.suggestions ?? [])],
        );
      }
    },
    {everySeconds: lagPollSeconds, forSeconds: lagSeconds},
    {time, signal},
  );
}
