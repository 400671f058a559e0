import {checkDigitalOcean, type Settings} from '../context.js';
import {urlProblem} from '../settings.js';
import type {Build} from './build.js';
import type {Source} from './request.js';

/** A resource's `source` as the settings of the clients; what is wrong with it is added to `problems`. */
export function settingsFor(source: Source, build: Build, problems: string[]): Settings {
  const digitalOcean = checkDigitalOcean(
    {url: source.digitalOceanUrl, token: source.apiKey},
    problems,
  );
  return {kind: 'concourse', digitalOcean, ci: ciSettings(source, build, problems)};
}

function ciSettings(source: Source, build: Build, problems: string[]): Settings['ci'] {
  const url = (source.concourseUrl ?? build.externalUrl)?.replace(/\/+$/v, '');
  const problem =
    url === undefined
      ? 'No Concourse URL: ATC_EXTERNAL_URL is not set or no URL, so give source.concourse_url'
      : urlProblem('The Concourse URL', url);
  if (url === undefined || problem !== undefined) {
    problems.push(problem!);
    return undefined;
  }

  const {username, password} = source;
  return {
    kind: 'concourse',
    settings: {
      url,
      ...(username !== undefined && password !== undefined && {login: {username, password}}),
      team: source.team,
      caPem: source.caPem,
      tsaHost: source.tsaHost ?? publicHost(build),
      tsaPort: source.tsaPort ?? 2222,
      tsaPublicKey: source.tsaPublicKey,
      workerKey: source.workerKey,
      version: source.concourseVersion,
      downloadUrl: source.concourseDownloadUrl,
    },
  };
}

/** Where droplets find the TSA: `concourse_url` may be good inside the cluster only. */
function publicHost({externalUrl}: Build): string | undefined {
  return externalUrl === undefined || isLoopback(externalUrl)
    ? undefined
    : new URL(externalUrl).hostname;
}

/** Whether a URL is that of a Concourse that was not told its own. */
export function isLoopback(url: string): boolean {
  return /^(?:localhost|127\..*|\[::1\])$/v.test(new URL(url).hostname);
}
