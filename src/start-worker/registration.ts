import {uptime} from 'node:os';
import {ActionableError} from '../errors.js';
import type {Reregistered} from '../taskcluster/types.js';
import type {WorkerManager} from '../taskcluster/worker-manager.js';
import type {Log} from './log.js';
import {pickText} from './pick.js';
import {readPoolConfig} from './pool-config.js';
import type {State} from './state.js';
import {merge, type Json, type JsonObject} from './worker-config.js';

export type RegistrationOptions = {
  /** What shows the worker manager that this worker is who it says. */
  proof: JsonObject;
  /** Name of the worker implementation, whose part of the pool's configuration is taken. */
  implementation: string;
  workerManager: Pick<WorkerManager, 'registerWorker'>;
  log: Log;
  now: () => number;
  signal: AbortSignal;
};

/** Registers the worker, and adds its credentials, configuration and files to the state. */
export async function registerWorker(
  state: State,
  {proof, implementation, workerManager, log, now, signal}: RegistrationOptions,
): Promise<void> {
  const {workerPoolId, providerId, workerGroup, workerId} = state;
  const systemBootTime = bootTime(now());
  let registered;
  try {
    registered = await workerManager.registerWorker(
      {
        workerPoolId,
        providerId,
        workerGroup,
        workerId,
        workerIdentityProof: proof,
        ...(systemBootTime !== undefined && {systemBootTime}),
      },
      signal,
    );
  } catch (error) {
    throw error instanceof ActionableError && !signal.aborted
      ? new ActionableError(
          error.code,
          `could not register worker: ${error.message}`,
          error.suggestions,
        )
      : error;
  }

  const {workerConfig} = registered;
  const {config, files} = readPoolConfig(workerConfig as Json, implementation, log);
  takeCredentials(state, registered);
  state.workerConfig = merge(state.workerConfig, config);
  state.files = [...state.files, ...files];
}

/** Gets new credentials before those of the state expire, and puts them there. */
export async function reregisterWorker(
  state: State,
  workerManager: Pick<WorkerManager, 'reregisterWorker'>,
  signal: AbortSignal,
): Promise<void> {
  const {registrationSecret} = state;
  if (registrationSecret === undefined) {
    throw new ActionableError('REGISTRATION', 'there is no secret to register again with');
  }

  takeCredentials(state, await workerManager.reregisterWorker(state, registrationSecret, signal));
}

/** Refuses a state from a cache whose credentials are over: only they could get new ones. */
export function checkCachedCredentials({credentialsExpire}: State, now: () => number): void {
  if (credentialsExpire !== undefined && credentialsExpire.getTime() <= now()) {
    throw new ActionableError(
      'REGISTRATION',
      'cached worker credentials have expired; cannot re-register',
      ['Delete the file that cacheOverRestarts names: the worker then registers anew'],
    );
  }
}

function takeCredentials(state: State, {credentials, expires, secret}: Reregistered): void {
  const {clientId, accessToken, certificate} = credentials;
  state.credentials = {clientId, accessToken, certificate: pickText(certificate)};
  state.credentialsExpire = new Date(expires);
  state.registrationSecret = pickText(secret);
}

/** Undefined where the system does not tell. */
function bootTime(now: number): string | undefined {
  try {
    const seconds = uptime();
    return seconds > 0 ? new Date(now - seconds * 1000).toISOString() : undefined;
  } catch {
    return undefined;
  }
}
