import {ActionableError} from '../../errors.js';
import type {Log} from '../log.js';
import type {State} from '../state.js';
import {setKey, type Json} from '../worker-config.js';

/** Sets dotted keys in the worker configuration; what is undefined or empty is not to be there, whoever has set it. */
export function setKeys(state: State, values: Record<string, Json | undefined>): void {
  for (const [key, value] of Object.entries(values)) {
    state.workerConfig = setKey(state.workerConfig, key, value === '' ? undefined : value);
  }
}

/** Copies what the provider knows of the machine; `keys` leads from the key to the name of the metadata. */
export function setMetadataKeys(state: State, keys: Record<string, string>, log: Log): void {
  for (const [key, name] of Object.entries(keys)) {
    const value = state.providerMetadata[name];
    if (value === undefined) {
      log.line(`provider metadata ${name} not available; not setting config ${key}`);
    } else {
      state.workerConfig = setKey(state.workerConfig, key, value);
    }
  }
}

/** The two names that a pool had before it had one. */
export function poolParts(workerPoolId: string): {provisionerId: string; workerType: string} {
  const slash = workerPoolId.indexOf('/');
  if (slash === -1) {
    throw new ActionableError(
      'WORKER_POOL_ID',
      `workerPoolID "${workerPoolId}" does not contain a slash`,
      ['A worker pool is named like proj-example/ci'],
    );
  }

  return {
    provisionerId: workerPoolId.slice(0, slash),
    workerType: workerPoolId.slice(slash + 1),
  };
}
