import {ActionableError} from '../errors.js';
import {adviceOn} from './create-failed.js';
import type {Leftover} from './delete.js';
import type {Asked} from './destroy.js';
import type {Ended} from './destroy-drained.js';
import {cleanupCommand, destroyCommand} from './suggested.js';
import {linked, type Owned} from './worker.js';

/** What was asked of DigitalOcean before the interrupt may well be done. */
export function interrupted(
  asked: Asked,
  {owned, untouched}: Pick<Ended, 'owned' | 'untouched'>,
  signal: AbortSignal,
): ActionableError {
  const reason = signal.reason as Error;
  const exit = reason instanceof ActionableError ? reason.oclif.exit : 1;
  const states: Array<[Owned[], string]> = [
    [owned, 'asked for, but not confirmed'],
    [untouched, 'not asked for yet: still billed'],
  ];
  const told = states
    .filter(([droplets]) => droplets.length > 0)
    .map(([droplets, state]) => {
      const names = droplets.map(({droplet}) => linked(droplet)).join(', ');
      return `the deletion of ${names} was ${state}`;
    });
  return new ActionableError(
    'INTERRUPTED',
    [reason.message, told.join('; ') || 'no deletion was asked for'].join(': '),
    [
      `See what is left: do-worker list ${asked.workerName}`,
      `Finish it: ${destroyCommand(asked)}`,
      // A destroy leaves workers alone whose droplets it does not see.
      `The CI server may go on listing workers whose droplets are gone, until ${cleanupCommand(asked)}`,
    ],
    exit,
  );
}

/** Of so many droplets, those that are left. */
export function notDestroyed(asked: Asked, leftovers: Leftover[], count: number): ActionableError {
  const lines = leftovers.map(
    ({name, id, reason}) => `- ${name} (https://cloud.digitalocean.com/droplets/${id}): ${reason}`,
  );
  return new ActionableError(
    'NOT_DESTROYED',
    `${leftovers.length} of ${count} droplets of ${asked.workerName} are NOT destroyed and still billed:\n${lines.join('\n')}`,
    [...adviceOn(leftovers), `Try again: ${destroyCommand(asked)}`],
  );
}
