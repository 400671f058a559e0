import type {CiServer, Place} from '../ci-server.js';
import {ActionableError, ApiError} from '../errors.js';
import {cleanupCommand, type Meant} from './suggested.js';

/** What to do where one size in one region cannot be had. */
export const fallBack =
  'Name more regions or sizes to fall back on: --region ams3,fra1 --size s-2vcpu-2gb,s-2vcpu-4gb';

/** What to do when the account may have no more droplets. */
export function moreDroplets(meant: Meant): string[] {
  return [
    'See which of them are workers: do-worker list',
    `Remove what earlier runs left behind: ${cleanupCommand(meant)}`,
    'Ask DigitalOcean for a higher limit: https://cloud.digitalocean.com/account/team/droplet_limit_increase',
  ];
}

/** DigitalOcean has no room for this size in this region, so another pair may do. */
export function isNoRoom(error: ActionableError): error is ApiError {
  return (
    error instanceof ApiError &&
    error.status === 422 &&
    /not available|unavailable/iv.test(error.detail)
  );
}

/** A refused create in words that say what to do. */
export function explainRefusal(
  error: ActionableError,
  {region, size}: Place,
  ci: CiServer,
): ActionableError {
  if (/droplet limit/iv.test(error.message)) {
    return new ActionableError('DROPLET_LIMIT', error.message, moreDroplets({kind: ci.kind, ci}));
  }

  if (isNoRoom(error)) {
    return new ActionableError('SIZE_UNAVAILABLE', `${error.message} (${size} in ${region})`, [
      fallBack,
    ]);
  }

  return error;
}
