import {needText} from '../pick.js';
import type {Identity} from '../state.js';
import type {JsonObject} from '../worker-config.js';

/** What the worker manager left for a machine that it created; its worker configuration comes with the registration. */
export function readUserData(
  userData: JsonObject,
): Pick<Identity, 'rootUrl' | 'providerId' | 'workerPoolId' | 'workerGroup'> {
  const text = (key: string) => needText('user data', userData, key);
  return {
    workerPoolId: text('workerPoolId'),
    providerId: text('providerId'),
    workerGroup: text('workerGroup'),
    rootUrl: text('rootUrl'),
  };
}
