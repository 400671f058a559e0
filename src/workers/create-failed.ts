import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import type {Leftover} from './delete.js';
import type {Plan} from './plan.js';

type Failure = {
  plan: Plan;
  phase: string;
  /** What was last seen of the workers that did not register. */
  seen: string[];
  cause: unknown;
  kept?: Droplet[];
  undone?: Droplet[];
  leftovers: Leftover[];
};

export function timedOut(seconds: number): ActionableError {
  return new ActionableError('TIMEOUT', `Time is up (${seconds} s)`, [
    'Give it more time: --timeout 30m. A first boot takes a minute, the download of Concourse some more',
    'The worker must reach the TSA and the Concourse release; keep a droplet to look into: --keep-on-failure --ssh-key ID',
  ]);
}

/** One error that says in which phase a create ended, why, what was last seen, and what became of the droplets. */
export function createFailed({
  plan,
  phase,
  seen,
  cause,
  kept = [],
  undone = [],
  leftovers,
}: Failure): unknown {
  if (!(cause instanceof ActionableError)) {
    return leftovers.length === 0 ? cause : new AggregateError([cause], stillBilled(leftovers));
  }

  // Before anything is made, the cause alone says it all.
  if (phase === 'preflight' && cause.code !== 'TIMEOUT' && cause.code !== 'INTERRUPTED') {
    return cause;
  }

  const lines = [`${plan.workerName} was not created. ${cause.message} (phase: ${phase})`];
  lines.push(...seen.map((line) => `Last seen: ${line}`));
  const suggestions = [...cause.suggestions];
  const destroy = `do-worker destroy ${plan.workerName} --run ${plan.runKey}`;
  if (leftovers.length > 0) {
    lines.push(stillBilled(leftovers));
    suggestions.unshift(`Stop paying for it: ${destroy}`);
  } else if (kept.length > 0) {
    lines.push(`Kept, and billed: ${kept.map(({name, id}) => `${name} (${id})`).join(', ')}`);
    suggestions.push(`When you have seen enough: ${destroy}`);
  } else if (undone.length > 0) {
    lines.push(`Destroyed again: ${undone.map(({name, id}) => `${name} (${id})`).join(', ')}`);
  }

  return new ActionableError(cause.code, lines.join('\n'), suggestions, cause.oclif.exit);
}

export function stillBilled(leftovers: Leftover[]): string {
  return leftovers
    .map(
      ({name, id, reason}) =>
        `NOT destroyed and still billed: ${name} (https://cloud.digitalocean.com/droplets/${id}): ${reason}`,
    )
    .join('\n');
}
