import {
  flag,
  flagFile,
  orProblems,
  secretVariable,
  setTogether,
  urlProblem,
  type Inputs,
  readCaCert,
} from '../settings.js';
import type {Login} from './client.js';
import type {ConcourseSettings} from './ci-server.js';
import {readFlyTarget} from './flyrc.js';

/** What flags, environment and flyrc say of Concourse; undefined when they name none. */
export async function readConcourseSettings(
  inputs: Inputs,
): Promise<ConcourseSettings | undefined> {
  const {flags, problems} = inputs;
  const targetName = flag(inputs, 'target');
  const target =
    targetName === undefined
      ? undefined
      : await orProblems(readFlyTarget(targetName, inputs.environment), problems);
  const [login, caPem, tsaPublicKey, workerKey] = await Promise.all([
    readLogin(inputs),
    readCaCert(inputs),
    flagFile(inputs, 'tsa-public-key'),
    flagFile(inputs, 'worker-key'),
  ]);

  const url = (flag(inputs, 'concourse-url') ?? target?.url)?.replace(/\/+$/v, '');
  if (url === undefined) {
    return undefined;
  }

  const problem = urlProblem('The Concourse URL', url);
  if (problem !== undefined) {
    problems.push(problem);
    return undefined;
  }

  return {
    url,
    login: target?.login ?? login,
    team: flag(inputs, 'team'),
    caPem: caPem ?? target?.caPem,
    insecure: target?.insecure,
    tsaHost: flag(inputs, 'tsa-host'),
    tsaPort: typeof flags['tsa-port'] === 'number' ? flags['tsa-port'] : 2222,
    tsaPublicKey,
    workerKey,
    version: flag(inputs, 'concourse-version'),
    downloadUrl: flag(inputs, 'concourse-download-url'),
  };
}

async function readLogin(inputs: Inputs): Promise<Login | undefined> {
  const [username, password] = await Promise.all([
    secretVariable(inputs, 'DO_WORKER_CONCOURSE_USERNAME'),
    secretVariable(inputs, 'DO_WORKER_CONCOURSE_PASSWORD'),
  ]);
  return setTogether(inputs, {
    DO_WORKER_CONCOURSE_USERNAME: username,
    DO_WORKER_CONCOURSE_PASSWORD: password,
  })
    ? {username: username!, password: password!}
    : undefined;
}
