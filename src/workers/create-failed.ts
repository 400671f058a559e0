import type {Advice} from '../ci-server.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import type {Leftover} from './delete.js';
import type {Plan} from './plan.js';
import {destroyCommand} from './suggested.js';
import {linked} from './worker.js';

type Failure = {
  plan: Plan;
  phase: string;
  /** What was last seen of the workers that did not register. */
  seen: string[];
  cause: unknown;
  kept?: Droplet[];
  undone?: Droplet[];
  /** Droplets of the same run that were there before. */
  adopted?: Droplet[];
  leftovers: Leftover[];
};

/** The error of a create that has used up its time; advises to keep a droplet only where none is kept. */
export function timedOut(
  {timeoutSeconds, keepOnFailure}: Plan,
  {notRegistered}: Advice,
): ActionableError {
  return new ActionableError('TIMEOUT', `Time is up (${timeoutSeconds} s)`, [
    'Give it more time: --timeout 30m (a cleanup needs a grace as long). A first boot takes a minute, its downloads some more',
    ...notRegistered,
    ...(keepOnFailure ? [] : ['Keep a droplet to look into: --keep-on-failure --ssh-key ID']),
  ]);
}

/** Some droplets did not become workers, for these reasons. */
export function incomplete(failures: ActionableError[]): ActionableError {
  const reasons = [...new Set(failures.map(({message}) => message))];
  const suggestions = failures.flatMap((failure) => failure.suggestions);
  const what = failures.length === 0 ? 'could be made' : 'became workers';
  const message = [`Not all droplets ${what}`, ...reasons].join('; ');
  return new ActionableError('INCOMPLETE', message, [...new Set(suggestions)]);
}

/** One error that says in which phase a create ended, why, what was last seen, and what became of the droplets. */
export function createFailed(failure: Failure): unknown {
  const {plan, phase, seen, cause, kept = [], undone = [], adopted = [], leftovers} = failure;
  const isNothingMade = leftovers.length + kept.length + undone.length + adopted.length === 0;
  if (!(cause instanceof ActionableError) && isNothingMade) {
    return cause;
  }

  const {
    code,
    message,
    suggestions: advice,
    oclif,
  } = cause instanceof ActionableError
    ? cause
    : new ActionableError('UNEXPECTED', `An error of do-worker's own: ${String(cause)}`);
  // Before anything is made, the cause alone says it all.
  if (phase === 'preflight' && isNothingMade && code !== 'TIMEOUT' && code !== 'INTERRUPTED') {
    return cause;
  }

  const lines = [`${plan.workerName} was not created. ${message} (phase: ${phase})`];
  lines.push(...seen.filter((line) => !line.includes(message)).map((line) => `Last seen: ${line}`));
  const suggestions = [...advice];
  const destroy = destroyCommand(plan);
  const gone = undone.filter(({id}) => leftovers.every((leftover) => leftover.id !== id));
  if (gone.length > 0) {
    lines.push(`Destroyed again: ${gone.map(({name, id}) => `${name} (${id})`).join(', ')}`);
  }

  if (kept.length > 0) {
    lines.push(`Kept, and billed: ${kept.map((droplet) => linked(droplet)).join(', ')}`);
    suggestions.push(`When you have seen enough: ${destroy}`);
  }

  if (leftovers.length > 0) {
    lines.push(stillBilled(leftovers));
    suggestions.unshift(`Stop paying for it: ${destroy}`, ...adviceOn(leftovers));
  }

  if (adopted.length > 0) {
    const names = adopted.map((droplet) => linked(droplet)).join(', ');
    lines.push(`Adopted, not destroyed, and billed: ${names}`);
    suggestions.push(`To end them too: ${destroy}`);
  }

  return new ActionableError(code, lines.join('\n'), suggestions, oclif.exit);
}

/** What would let them be deleted, each once. */
export function adviceOn(leftovers: Leftover[]): string[] {
  return [...new Set(leftovers.flatMap(({suggestions}) => suggestions))];
}

/** A line for each that was not deleted, or of which it cannot be told whether it exists. */
export function stillBilled(leftovers: Leftover[]): string {
  return leftovers
    .map(({name, id, reason}) =>
      id === null
        ? `It cannot be told whether ${name} exists and is billed: ${reason}`
        : `NOT destroyed and still billed: ${linked({name, id})}: ${reason}`,
    )
    .join('\n');
}
