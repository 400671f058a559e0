import type {Secret} from './secret.js';

export const defaultDownloadUrl = 'https://github.com/concourse/concourse/releases/download';

/** What `templates/concourse-worker.yaml.hbs`, or a template used in its place, is filled with. */
export type ConcourseTemplateValues = {
  /** For templates to read only: one user-data serves many droplets, each of which registers under its hostname. */
  name: string;
  tags: string[];
  team: string | undefined;
  /** Host:port, or several with commas between. */
  tsaHosts: string;
  tsaPublicKey: string;
  workerKey: Secret;
  concourseVersion: string;
  /** Without a slash at its end; the release is at `<this>/v<version>/concourse-<version>-linux-amd64.tgz`. */
  downloadUrl: string;
  ttlSeconds: number;
  /** Whether the droplet is given an SSH key, and so opens its SSH port. */
  ssh: boolean;
  /** False for a Concourse older than 6.5, which knows only Guardian. */
  containerd: boolean;
  vars: Record<string, string | Secret>;
};
