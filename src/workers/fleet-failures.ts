import type {Advice} from '../ci-server.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';

/** The code of the errors that say so of a droplet that is not there. */
export const dropletVanished = 'DROPLET_VANISHED';

type Named = Pick<Droplet, 'id' | 'name'>;

/** A droplet that was there is not there any more. */
export function deleted({id, name}: Named): ActionableError {
  return new ActionableError(
    dropletVanished,
    `Droplet ${name} (${id}) is gone: somebody deleted it`,
    ['Try again; if it was a cleanup, its grace has to be no shorter than the time-out of create'],
  );
}

/** A droplet that was promised never came. */
export function neverMade({id, name}: Named): ActionableError {
  return new ActionableError(
    dropletVanished,
    `Droplet ${name} (${id}) is gone: DigitalOcean accepted it but did not make it, as it does without capacity`,
    ['Try again, or name more regions and sizes to fall back on with --region and --size'],
  );
}

/** A droplet that is there, but that no later command would know as ours. */
export function tagsLost({id, name}: Named): ActionableError {
  return new ActionableError('TAGS_LOST', `Droplet ${name} (${id}) has lost its tags`, [
    'Try again: a cleanup may have deleted a tag that was unused until then',
  ]);
}

/** A droplet that has ended by itself. */
export function switchedOff({name, id}: Named, {notRegistered}: Advice): ActionableError {
  return new ActionableError(
    'BOOTSTRAP_FAILED',
    `Droplet ${name} (${id}) switched itself off: its bootstrap failed, or its worker kept exiting`,
    [
      'To look into one, create it with --ssh-key and --keep-on-failure, switch it on and read journalctl -b -1',
      ...notRegistered,
    ],
  );
}

/** A worker that registered, but that the CI server gives no work. */
export function unusable(name: string, reason: string): ActionableError {
  return new ActionableError('WORKER_UNUSABLE', `Worker ${name} ${reason}`, [
    'Its template decides how it registers: see what it gets with do-worker render',
  ]);
}
