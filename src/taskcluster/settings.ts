import {
  flag,
  secretVariable,
  setTogether,
  urlProblem,
  type Inputs,
  readCaCert,
} from '../settings.js';
import type {TaskclusterSettings} from './ci-server.js';
import type {Credentials} from './credentials.js';
import {poolPattern} from './names.js';
import {defaultGenericWorkerVersion} from './template-values.js';

/** What flags and environment say of Taskcluster; undefined when they name no deployment or no worker pool. */
export async function readTaskclusterSettings(
  inputs: Inputs,
): Promise<TaskclusterSettings | undefined> {
  const {environment, problems} = inputs;
  const workerPoolId = flag(inputs, 'worker-pool');
  const rootUrl = environment.TASKCLUSTER_ROOT_URL?.replace(/\/+$/v, '') ?? '';
  if (workerPoolId === undefined || rootUrl === '') {
    return undefined;
  }

  const [credentials, caPem] = await Promise.all([readCredentials(inputs), readCaCert(inputs)]);
  const urls = [
    ['TASKCLUSTER_ROOT_URL', rootUrl],
    ['--generic-worker-url', flag(inputs, 'generic-worker-url')],
    ['--runner-url', flag(inputs, 'runner-url')],
  ] as const;
  for (const [what, url] of urls) {
    const problem = url === undefined ? undefined : urlProblem(what, url);
    problems.push(...(problem === undefined ? [] : [problem]));
  }

  if (!poolPattern.test(workerPoolId)) {
    problems.push(
      `Worker pool ${JSON.stringify(workerPoolId)} is not <provisionerId>/<workerType>, such as proj/linux`,
    );
  }

  return {
    rootUrl,
    workerPoolId,
    credentials,
    caPem,
    genericWorkerVersion: flag(inputs, 'generic-worker-version') ?? defaultGenericWorkerVersion,
    genericWorkerUrl: flag(inputs, 'generic-worker-url'),
    dockerWorker: flag(inputs, 'docker-worker'),
    runnerUrl: flag(inputs, 'runner-url'),
  };
}

const clientPattern = /^[\w!+\-.\/:@\|]+$/v;

/** As every Taskcluster client reads them; the secret ones from files too. */
async function readCredentials(inputs: Inputs): Promise<Credentials | undefined> {
  const [clientId, accessToken, certificate] = await Promise.all(
    ['CLIENT_ID', 'ACCESS_TOKEN', 'CERTIFICATE'].map(async (name) =>
      secretVariable(inputs, `TASKCLUSTER_${name}`),
    ),
  );
  if (clientId !== undefined && !clientPattern.test(clientId)) {
    inputs.problems.push('TASKCLUSTER_CLIENT_ID has characters in it that no client id has');
  }

  const isCertificate = certificate === undefined || isObject(certificate);
  if (!isCertificate) {
    inputs.problems.push('TASKCLUSTER_CERTIFICATE is not a JSON object in one text');
  }

  return setTogether(inputs, {
    TASKCLUSTER_CLIENT_ID: clientId,
    TASKCLUSTER_ACCESS_TOKEN: accessToken,
  })
    ? {
        clientId: clientId!,
        accessToken: accessToken!,
        certificate: isCertificate ? certificate : undefined,
      }
    : undefined;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
