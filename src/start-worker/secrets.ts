import {ActionableError, ApiError} from '../errors.js';
import type {Secrets} from '../taskcluster/secrets.js';
import type {Log} from './log.js';
import {isObject} from './pick.js';
import type {State} from './state.js';
import {merge, type Json, type JsonObject} from './worker-config.js';

export type SecretsOptions = {
  secrets: Pick<Secrets, 'get'>;
  log: Log;
  signal: AbortSignal;
};

/** Merges the pool's secrets into the worker configuration, that of the newer name over that of the older. */
export async function addSecrets(
  state: State,
  {secrets, log, signal}: SecretsOptions,
): Promise<void> {
  const {workerPoolId} = state;
  const older = await orUndefined(secrets.get(`worker-type:${workerPoolId}`, signal));
  const newer = await secrets.get(`worker-pool:${workerPoolId}`, signal);
  const found = [older, newer].filter((each) => each !== undefined);
  if (found.length === 0) {
    log.line(`WARNING: No worker secrets for worker pool ${workerPoolId}.`);
  }

  for (const {secret} of found) {
    const config = configIn(secret as Json, log);
    state.workerConfig = merge(state.workerConfig, config);
    state.secretConfig = merge(state.secretConfig, config);
  }
}

/** Workers of newer deployments may not be allowed to ask for the older name. */
async function orUndefined<T>(getting: Promise<T>): Promise<T | undefined> {
  try {
    return await getting;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) {
      return undefined;
    }

    throw error;
  }
}

function configIn(secret: Json, log: Log): JsonObject {
  if (!isObject(secret)) {
    throw new ActionableError('SECRET', 'secret value is not a JSON object', [
      "Mend the secret in Taskcluster's secrets service",
    ]);
  }

  const {config, files, ...others} = secret;
  const isNew =
    Object.keys(others).length === 0 &&
    isObject(config ?? {}) &&
    (files === undefined || files === null || isObjects(files));
  if (!isNew) {
    log.line('Falling back to legacy secret format without top-level config/files properties');
    return secret;
  }

  if (Array.isArray(files) && files.length > 0) {
    throw new ActionableError('SECRET', 'secret files are nonempty - files are not supported yet', [
      "Put the files into the worker pool's definition",
    ]);
  }

  return (config ?? {}) as JsonObject;
}

function isObjects(value: Json): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each));
}
