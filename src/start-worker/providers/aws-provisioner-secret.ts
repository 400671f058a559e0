import {ActionableError, ApiError} from '../../errors.js';
import {createHttp} from '../../http.js';
import {needText, pickText} from '../pick.js';
import type {State} from '../state.js';
import type {JsonObject} from '../worker-config.js';

type Options = {secondMs: number; signal: AbortSignal};

/**
 * Fetches the credentials that the provisioner keeps for this instance, and has them deleted.
 * Deleted in any case, and to the end: a task that finds the token must not find what it opens.
 */
export async function takeCredentials(
  rootUrl: string,
  securityToken: string,
  {secondMs, signal}: Options,
): Promise<State['credentials']> {
  const url = provisionerUrl(rootUrl);
  const path = `/secret/${encodeURIComponent(securityToken)}`;
  const http = createHttp('AWS Provisioner', {url, secondMs, secrets: [securityToken]});
  const failed = (what: string, error: unknown) =>
    error instanceof ActionableError
      ? new ActionableError('CREDENTIALS', `${what}: ${explain(error)}`, error.suggestions)
      : error;

  const [fetched, deleted] = await settleInOrder(
    async () => readCredentials(await http<JsonObject>('GET', path, {signal})),
    async () => http('DELETE', path, {text: true}),
  );
  signal.throwIfAborted();
  if (fetched.status === 'rejected') {
    throw failed('Could not fetch credentials from AWS Provisioner', fetched.reason);
  }

  if (deleted.status === 'rejected') {
    throw failed('Could not delete credentials for worker in AWS Provisioner', deleted.reason);
  }

  return fetched.value;
}

/** The deployment of old had a host for each service. */
function provisionerUrl(rootUrl: string): string {
  return rootUrl === 'https://taskcluster.net'
    ? 'https://aws-provisioner.taskcluster.net/v1'
    : `${rootUrl}/api/aws-provisioner/v1`;
}

async function settleInOrder<First, Second>(
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[PromiseSettledResult<First>, PromiseSettledResult<Second>]> {
  const [firstResult] = await Promise.allSettled([first()]);
  const [secondResult] = await Promise.allSettled([second()]);
  return [firstResult, secondResult];
}

function readCredentials(secret: JsonObject): State['credentials'] {
  return {
    clientId: needText('the answer', secret, 'credentials', 'clientId'),
    accessToken: needText('the answer', secret, 'credentials', 'accessToken'),
    certificate: pickText(secret, 'credentials', 'certificate'),
  };
}

/** Without the path that was asked for, which holds the token. */
function explain(error: ActionableError): string {
  return error instanceof ApiError
    ? `it answered ${error.status}${error.detail && `: ${error.detail}`}`
    : error.message;
}
