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
  /** Undefined with a docker-worker: the executable, and where its helpers livelog and taskcluster-proxy are. */
  genericWorker: {url: string; helpersUrl: string} | undefined;
  /** Folder of a docker-worker that the image has. */
  dockerWorker: string | undefined;
  /** The archive with start-worker and its Node; its checksum is '' when it lies beside the archive only. */
  runner: {url: string; sha256: string};
  ttlSeconds: number;
  /** Whether the droplet is given an SSH key, and so opens its SSH port. */
  ssh: boolean;
  vars: Record<string, string | Secret>;
};

/** Where a release of generic-worker is, or the executable of one's own. */
export function genericWorkerFrom(
  version: string,
  url: string | undefined,
): NonNullable<TaskclusterTemplateValues['genericWorker']> {
  const helpersUrl = `${releases}/v${version}`;
  return {url: url ?? `${helpersUrl}/generic-worker-multiuser-linux-amd64`, helpersUrl};
}
