import type {TaskclusterSettings} from './ci-server.js';

/** What is wrong with the settings, as far as it shows without a request. */
export function inputProblems({
  genericWorkerVersion,
  genericWorkerUrl,
  dockerWorker,
}: TaskclusterSettings): string[] {
  const problems: string[] = [];
  if (!/^\d+\.\d+\.\d+$/v.test(genericWorkerVersion)) {
    problems.push(
      `generic-worker version ${JSON.stringify(genericWorkerVersion)} is not a release such as 106.0.0`,
    );
  }

  if (dockerWorker !== undefined && !/^\/[\w.\-\/]*$/v.test(dockerWorker)) {
    problems.push(
      `${JSON.stringify(dockerWorker)} is not the absolute path of a folder with docker-worker`,
    );
  }

  if (dockerWorker !== undefined && genericWorkerUrl !== undefined) {
    problems.push('Give either --generic-worker-url or --docker-worker, not both');
  }

  return problems;
}
