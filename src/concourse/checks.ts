import type {WorkerRequest} from '../ci-server.js';
import {ActionableError} from '../errors.js';
import {urlProblem} from '../settings.js';
import {howToLogIn, type Concourse} from './client.js';
import type {ConcourseSettings} from './ci-server.js';
import type {Info} from './types.js';
import {compareVersions, isCompatible, isDevelopmentBuild, workerVersionOf} from './version.js';

/** What is wrong with the settings and the request, as far as it shows without a request. */
export function inputProblems(
  settings: ConcourseSettings,
  request: WorkerRequest,
  found: string[],
): string[] {
  const {workerKey, tsaPublicKey, team, version, downloadUrl} = settings;
  const problems: string[] = [];

  // A file that could not be read, or holds no key, has been told of.
  const isTold = (what: string) => found.some((problem) => problem.startsWith(what));
  if (workerKey === undefined && !isTold('--worker-key')) {
    problems.push(
      'No worker key: give the private key that the TSA accepts with --worker-key FILE',
    );
  }

  if (tsaPublicKey === undefined && !isTold('--tsa-public-key')) {
    problems.push(
      "No TSA public key: give the public half of the TSA's host key with --tsa-public-key FILE",
    );
  }

  for (const tag of request.tags) {
    if (tag.trim() !== tag || tag === '' || /[,\p{Control}]/v.test(tag)) {
      problems.push(
        `Tag ${JSON.stringify(tag)} cannot be a Concourse tag: it has a comma, an outer space or a control character`,
      );
    }
  }

  if (team !== undefined && (team === '' || /\p{Control}/v.test(team))) {
    problems.push(`Team ${JSON.stringify(team)} cannot be the name of a Concourse team`);
  }

  if (version !== undefined && !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/v.test(version)) {
    problems.push(`Concourse version ${JSON.stringify(version)} is not a release such as 8.2.5`);
  }

  if (downloadUrl !== undefined) {
    const problem = urlProblem('The download URL of Concourse', downloadUrl);
    problems.push(...(problem === undefined ? [] : [problem]));
  }

  return problems;
}

/** What is wrong when nobody can be asked for the workers; a login that is not whole has been told of. */
export function loginProblems({url, login}: ConcourseSettings, found: string[]): string[] {
  const isTold = found.some((problem) => /DO_WORKER_CONCOURSE_|\bfly/v.test(problem));
  return login === undefined && !isTold ? [`No login for Concourse at ${url}. ${howToLogIn}`] : [];
}

/** The release that workers of this web need: a lower or other-major one registers but never gets work. */
export function releaseFor(wanted: string | undefined, info: Info, url: string): string {
  if (wanted === undefined && isDevelopmentBuild(info.version)) {
    throw new ActionableError(
      'NO_RELEASE',
      `Concourse at ${url} is a development build (${info.version}), for which there is no release to install`,
      ['Name the release whose workers it takes: --concourse-version X.Y.Z'],
    );
  }

  const release = wanted ?? info.version;
  if (compareVersions(release, '5.0.0') < 0) {
    throw new ActionableError(
      'CONCOURSE_TOO_OLD',
      `Concourse ${release} at ${url} is too old: releases before 5.0.0 are packed in another way`,
      ['Upgrade Concourse'],
    );
  }

  const workerVersion = wanted === undefined ? undefined : workerVersionOf(wanted);
  if (workerVersion !== undefined && !isCompatible(workerVersion, info.worker_version)) {
    throw new ActionableError(
      'CONCOURSE_VERSION',
      `Workers of Concourse ${wanted} have worker version ${workerVersion}, and the web at ${url} gives work to ${info.worker_version} only`,
      [`Leave --concourse-version out to get the web's own release, ${info.version}`],
    );
  }

  return release;
}

/** A login that cannot see the team's workers would wait for them for ever. */
export async function checkTeam(
  client: Concourse,
  team: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const user = await client.user(signal);
  const teams = Object.keys(user.teams ?? {});
  if (user.is_admin === true || (team === undefined ? teams.length > 0 : teams.includes(team))) {
    return;
  }

  const whose = user.user_name === undefined ? 'The login' : `User ${user.user_name}`;
  throw new ActionableError(
    'TEAM_NOT_VISIBLE',
    team === undefined
      ? `${whose} has no role in any team of Concourse at ${client.url}`
      : `${whose} has no role in team ${team} of Concourse at ${client.url}, so its workers would never be seen`,
    [
      `Give the user a role in the team (fly set-team), or name another one with --team${
        teams.length === 0 ? '' : `; it sees: ${teams.join(', ')}`
      }`,
    ],
  );
}
