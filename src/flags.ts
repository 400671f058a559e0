import {Flags} from '@oclif/core';
import {defaultKind, kinds} from './ci-server.js';
import {parseDuration} from './duration.js';
import {UsageError} from './errors.js';
import {defaults} from './workers/defaults.js';

/** `--some-flag` has the environment variable `DO_WORKER_SOME_FLAG`. */
export function variableOf(flag: string): string {
  return `DO_WORKER_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** The same flags under a heading of their own. */
function grouped<T extends Record<string, {helpGroup?: string}>>(helpGroup: string, flags: T): T {
  for (const flag of Object.values(flags)) {
    flag.helpGroup = helpGroup;
  }

  return flags;
}

function text(flag: string, summary: string) {
  return {summary, env: variableOf(flag)};
}

/** Seconds, or a number with a unit: 90m, 4h, 1d. */
export const duration = Flags.custom<number>({
  helpValue: '<duration>',
  async parse(input) {
    const seconds = parseDuration(input);
    if (seconds === undefined) {
      throw new UsageError([
        `${JSON.stringify(input)} is not a duration: write seconds, or 90m, 4h, 1d`,
      ]);
    }

    return seconds;
  },
});

/** For the description of commands that need secrets. */
export const secretsHelp = `Secrets come from the environment, or from the file that the same name with _FILE gives: DIGITALOCEAN_ACCESS_TOKEN; DO_WORKER_CONCOURSE_USERNAME, DO_WORKER_CONCOURSE_PASSWORD; TASKCLUSTER_CLIENT_ID, TASKCLUSTER_ACCESS_TOKEN, TASKCLUSTER_CERTIFICATE. TASKCLUSTER_ROOT_URL says where Taskcluster is.`;

/** Where nothing is done, workers of all kinds are shown. */
export const anyKindFlag = Flags.string({
  ...text('kind', 'only workers for this kind of CI server; default: all'),
  options: kinds,
});

/** Which kind of CI server the workers are for. */
export const kindFlag = Flags.string({
  ...text('kind', 'kind of CI server that the workers are for'),
  options: kinds,
  default: defaultKind,
});

export const digitalOceanFlags = {
  'digitalocean-url': Flags.string({
    ...text('digitalocean-url', 'base URL of the DigitalOcean API'),
    default: 'https://api.digitalocean.com',
    helpGroup: 'DIGITALOCEAN',
  }),
};

const concourseFlags = {
  'concourse-url': Flags.string(text('concourse-url', 'URL of the Concourse web')),
  target: Flags.string(text('target', 'use the URL, login and CA of this fly target')),
  'tsa-host': Flags.string(text('tsa-host', "host of the TSA; default: the web's")),
  'tsa-port': Flags.integer({
    ...text('tsa-port', 'port of the TSA'),
    default: 2222,
    min: 1,
    max: 65_535,
  }),
  'tsa-public-key': Flags.string({
    ...text('tsa-public-key', "public half of the TSA's host key"),
    helpValue: '<file>',
  }),
  'worker-key': Flags.string({
    ...text('worker-key', 'private key that the TSA accepts from workers'),
    helpValue: '<file>',
  }),
  team: Flags.string(text('team', 'team that owns the workers; default: all teams')),
};

/** What names a CI server of any kind. */
export const ciFlags = {
  ...grouped('CONCOURSE', concourseFlags),
  ...grouped('TASKCLUSTER', {
    'worker-pool': Flags.string({
      ...text('worker-pool', 'worker pool, of a provider of type static'),
      helpValue: '<provisioner/type>',
    }),
  }),
  'ca-cert': Flags.string({
    ...text(
      'ca-cert',
      "PEM file of a CA that signed the CI server's certificate, trusted besides Node's own",
    ),
    helpValue: '<file>',
  }),
};

export const selectionFlags = {
  run: Flags.string(text('run', 'run key: only the droplets of this run')),
  'ci-id': Flags.string(text('ci-id', "take this CI id instead of the CI server's own (see list)")),
};

export const dryRun = Flags.boolean({
  ...text('dry-run', 'check everything and show what would happen; write nothing'),
  default: false,
});

/** Where and how large: what Taskcluster's workers are told, too. */
export const placeFlags = {
  region: Flags.string({
    ...text('region', 'regions, tried in order'),
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    default: [defaults.region],
  }),
  size: Flags.string({
    ...text('size', 'sizes, tried in order in each region'),
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    default: [defaults.size],
  }),
};

/** What decides how a worker boots: for `create` and `render`. */
export const workerFlags = {
  tag: Flags.string({
    ...text('tag', 'one more Concourse tag (repeatable)'),
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  ...grouped('CONCOURSE', {
    'concourse-version': Flags.string(
      text('concourse-version', "Concourse release to install; default: the web's own"),
    ),
    'concourse-download-url': Flags.string(
      text(
        'concourse-download-url',
        'where releases are, laid out as on GitHub: <url>/v<version>/concourse-…tgz and .sha1',
      ),
    ),
  }),
  ...grouped('TASKCLUSTER', {
    'generic-worker-version': Flags.string(
      text('generic-worker-version', 'release of generic-worker to install; default: 106.0.0'),
    ),
    'generic-worker-url': Flags.string(
      text(
        'generic-worker-url',
        'where releases are, laid out as on GitHub: <url>/v<version>/generic-worker-multiuser-linux-amd64 …',
      ),
    ),
    'docker-worker': Flags.string({
      ...text('docker-worker', 'folder of a docker-worker that the image has, to run instead'),
      helpValue: '<folder>',
    }),
    'runner-url': Flags.string(
      text(
        'runner-url',
        'mirror of the archives of start-worker: <url>/v<version>/start-worker-…tar.zst and .sha256',
      ),
    ),
  }),
  ttl: duration({
    ...text('ttl', 'when the droplet expires, however it goes'),
    default: defaults.ttlSeconds,
  }),
  template: Flags.string({
    ...text('template', 'cloud-init template of your own (Handlebars)'),
    helpValue: '<file>',
  }),
  var: Flags.string({
    ...text('var', 'value for {{vars.KEY}} of your template (repeatable)'),
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<key=value>',
  }),
  'ssh-key': Flags.string({
    ...text('ssh-key', 'id or MD5 fingerprint of a key in the account (repeatable); opens port 22'),
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  'droplet-key': Flags.string({
    ...text(
      'droplet-key',
      'private RSA key to log in with: its public half is added to the account if missing; opens port 22',
    ),
    helpValue: '<file>',
  }),
};
