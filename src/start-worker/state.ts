import {ActionableError} from '../errors.js';
import type {Credentials} from '../taskcluster/credentials.js';
import {isPlainUrl, plainUrl} from './plain-url.js';
import type {Found} from './provider.js';
import {merge, type JsonObject} from './worker-config.js';

/** A file that the pool's definition brings along (facts 8). */
export type WorkerFile = {
  description: string;
  path: string;
  /** Base64. */
  content: string;
  encoding: string;
  format: string;
};

/** Who the worker is, as its provider found out. */
export type Identity = {
  rootUrl: string;
  providerId: string;
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  providerMetadata: JsonObject;
  workerLocation: Record<string, string>;
};

/** All that is known of the worker; it grows while the run goes on, and can be kept over restarts. */
export type State = Identity & {
  credentials: Credentials;
  /** Undefined: never. */
  credentialsExpire: Date | undefined;
  /** For the next reregistration. */
  registrationSecret: string | undefined;
  workerConfig: JsonObject;
  /** What of it came from the secrets service, so that nobody shows it; undefined: unknown, since it came from a cache. */
  secretConfig: JsonObject | undefined;
  files: WorkerFile[];
};

/** What is known once the provider has answered; its worker configuration wins over the runner's. */
export function startState(found: Found, workerConfig: JsonObject): State {
  const {proof: _, workerConfig: foundConfig, credentials, ...identity} = found;
  return {
    ...identity,
    credentials: credentials ?? {clientId: '', accessToken: ''},
    credentialsExpire: undefined,
    registrationSecret: undefined,
    workerConfig: merge(workerConfig, foundConfig),
    secretConfig: {},
    files: [],
  };
}

/** Refuses an address before anything is sent there. */
export function checkRootUrl(rootUrl: string): void {
  refuseFor([
    rootUrl === '' && 'provider did not set RootURL',
    rootUrl.endsWith('/') && 'RootURL must not end with `/`',
    !isPlainUrl(rootUrl) && `RootURL must be ${plainUrl}`,
  ]);
}

/** Refuses a state in which something is missing that every worker needs. */
export function checkState(state: State): void {
  const {rootUrl, credentials, workerPoolId, workerGroup, workerId, providerId} = state;
  checkRootUrl(rootUrl);
  refuseFor([
    credentials.clientId === '' && 'provider did not set Credentials.ClientID',
    workerPoolId === '' && 'provider did not set WorkerPoolID',
    workerGroup === '' && 'provider did not set WorkerGroup',
    workerId === '' && 'provider did not set WorkerID',
    providerId === '' && 'provider did not set ProviderID',
    (state.workerLocation.cloud ?? '') === '' && 'provider did not set the cloud name',
    credentials.accessToken === '' && 'provider did not set Credentials.AccessToken',
  ]);
}

function refuseFor(problems: Array<string | false>): void {
  const problem = problems.find((each) => each !== false);
  if (problem !== undefined) {
    throw new ActionableError('PROVIDER', problem, [
      'Check the provider section of the runner config file, and what the provider says of this machine',
    ]);
  }
}
