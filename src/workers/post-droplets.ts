import type {Context} from '../context.js';
import type {Droplet, NewDroplets} from '../digitalocean/types.js';
import {type ActionableError, ApiError, NoAnswer} from '../errors.js';
import {
  StillWaiting,
  isRateLimited,
  isUncertain,
  lagPollSeconds,
  lagSeconds,
  orStillWaiting,
  pollUntil,
} from './poll.js';
import {hasGpus} from './gpus.js';
import {nameTag} from './identity.js';

/** What has been asked of DigitalOcean so far: kept up to date while it goes on, for the undoing. */
export type Ledger = {
  /** Names that the CI server may have a record of. */
  prepared: string[];
  created: Droplet[];
  /** Names whose POST got no clear answer: droplets that may exist. */
  uncertain: Set<string>;
};

type Using = Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>;

/** One POST and what became of it; gives the refusal when none of its droplets was made. */
export async function postDroplets(
  droplets: NewDroplets,
  ledger: Ledger,
  context: Using,
): Promise<ActionableError | undefined> {
  const {signal} = context;
  signal.throwIfAborted();
  for (const name of droplets.names) {
    ledger.uncertain.add(name);
  }

  const answer = await post(droplets, context);
  if (Array.isArray(answer)) {
    enter(answer, ledger);
    await findMissing(droplets, undefined, ledger, context);
    return undefined;
  }

  if (answer !== unsent && isUncertain(answer)) {
    await findMissing(droplets, answer, ledger, context);
    return undefined;
  }

  for (const name of droplets.names) {
    ledger.uncertain.delete(name);
  }

  if (answer === unsent) {
    throw signal.reason as Error;
  }

  return answer;
}

/**
 * One POST, never repeated unless it was refused: there is no idempotency key, and names need not be unique.
 * A signal does not cut it short, because an answer that is lost costs more than the wait; but it ends the wait for its
 * turn under the rate limit.
 */
async function post(
  droplets: NewDroplets,
  {digitalOcean, signal, time}: Using,
): Promise<Droplet[] | ActionableError | typeof unsent> {
  const never = new AbortController().signal;
  let isSecond = false;
  try {
    return await pollUntil(
      async () => {
        signal.throwIfAborted();
        try {
          return await digitalOcean.createDroplets(droplets, signal);
        } catch (error) {
          const isPassing = error instanceof ApiError && mayPass(error, isSecond);
          isSecond = true;
          throw isPassing ? new PassingRefusal(error) : error;
        }
      },
      {everySeconds: lagPollSeconds, forSeconds: lagSeconds},
      {time, signal: never},
    );
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      return unsent;
    }

    const cause = error instanceof PassingRefusal ? error.refusal : error;
    if (cause instanceof NoAnswer || cause instanceof ApiError || isRateLimited(cause)) {
      return cause;
    }

    throw cause;
  }
}

/** In place of an answer: the signal came first, and what was sent before was refused. */
const unsent = Symbol('unsent');

/** A key that was added a moment ago is unknown for some seconds; "try again" is meant once, and never of tags (facts 3). */
function mayPass({status, detail}: ApiError, isSecond: boolean): boolean {
  return (
    status === 422 &&
    (/invalid key identifiers/iv.test(detail) ||
      (!isSecond && /try again/iv.test(detail) && !/tags/iv.test(detail)))
  );
}

class PassingRefusal extends StillWaiting {
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
  {names, size, tags}: NewDroplets,
  lost: ActionableError | undefined,
  ledger: Ledger,
  {digitalOcean, progress, signal, time}: Using,
): Promise<void> {
  if (names.every((name) => !ledger.uncertain.has(name))) {
    return;
  }

  const why = lost?.message ?? 'DigitalOcean named fewer droplets than were asked for';
  progress.note(`${why}. Looking whether the droplets were made all the same`);
  const tag = tags.find((each) => each.startsWith(nameTag('')))!;
  await pollUntil(
    async () => {
      const tagged = digitalOcean.dropletsTagged(tag, signal, {withGpus: hasGpus(size)});
      enter(await tagged.catch(orStillWaiting), ledger);
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
