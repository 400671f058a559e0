import type {Context} from '../context.js';
import {ApiError} from '../errors.js';
import type {Plan} from './plan.js';

/** The keys to name in the create call; the public half of a droplet key is added to the account when it is missing. */
export async function accountKeys(
  {sshKeys, dropletKey, workerName}: Plan,
  {digitalOcean, signal}: Pick<Context, 'digitalOcean' | 'signal'>,
): Promise<Array<string | number>> {
  if (dropletKey === undefined) {
    return sshKeys;
  }

  const {publicKeyLine, md5Fingerprint} = dropletKey;
  if ((await digitalOcean.find('sshKey', md5Fingerprint, signal)) === undefined) {
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
