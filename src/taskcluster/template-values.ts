import type {Secret} from '../cloud-init/secret.js';

export const defaultGenericWorkerVersion = '106.0.0';

const releases = 'https://github.com/taskcluster/taskcluster/releases/download';

/** What `templates/taskcluster-worker.yaml.hbs`, or a template used in its place, is filled with. */
export type TaskclusterTemplateValues = {
  name: string;
  rootUrl: string;
  providerId: string;
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  /** The droplet's size, which its metadata does not tell. */
  instanceType: string;
  staticSecret: Secret;
  /** Where the release is, with livelog and taskcluster-proxy; undefined with a docker-worker. */
  genericWorker: {url: string} | undefined;
  /** Folder of a docker-worker that the image has. */
  dockerWorker: string | undefined;
  /** The archive with start-worker and its Node; its checksum is '' when it lies beside the archive only. */
  runner: {url: string; sha256: string};
  /** Authorities that the droplet trusts besides those of its image, a PEM text each. */
  caCerts: string[];
  ttlSeconds: number;
  /** Whether the droplet is given an SSH key, and so opens its SSH port. */
  ssh: boolean;
  vars: Record<string, string | Secret>;
};

/** Where a release of generic-worker is. */
export function genericWorkerFrom(
  version: string,
  base = releases,
): NonNullable<TaskclusterTemplateValues['genericWorker']> {
  return {url: `${base.replace(/\/+$/v, '')}/v${version}`};
}

/** What a droplet would run as root, although whoever is on its way to there can put something else in its place. */
export function uncheckedUrls({
  genericWorker,
  runner,
}: Pick<TaskclusterTemplateValues, 'genericWorker' | 'runner'>): string[] {
  return [genericWorker?.url, runner.sha256 === '' ? runner.url : undefined].filter(
    (url) => url?.startsWith('http:') === true,
  ) as string[];
}
