import {ActionableError, UsageError} from '../errors.js';

/** The fields of `source` and `params` that stand for the command line's flags. */
const fields: Record<string, string> = {
  'ca-cert': 'ca_cert',
  'ci-id': 'ATC_EXTERNAL_URL',
  'concourse-download-url': 'concourse_download_url',
  'concourse-url': 'concourse_url',
  'concourse-version': 'concourse_version',
  count: 'count',
  'digitalocean-url': 'digitalocean_url',
  'droplet-key': 'droplet_key',
  image: 'image',
  region: 'regions',
  size: 'sizes',
  'ssh-key': 'ssh_keys',
  tag: 'tags',
  team: 'team',
  template: 'template',
  timeout: 'timeout',
  'tsa-host': 'ci_tsa_host',
  'tsa-port': 'ci_tsa_port',
  'tsa-public-key': 'ci_tsa_pub_key',
  ttl: 'ttl',
  var: 'vars',
  vpc: 'vpc_uuid',
  'worker-key': 'ci_worker_key',
};

/** The same error for the author of a pipeline, who knows fields and no flags. */
export function inFieldNames(error: ActionableError, more: string[]): ActionableError {
  const suggestions = [...worded(error.suggestions), ...more];
  return error instanceof UsageError
    ? new UsageError(worded(error.problems), suggestions)
    : new ActionableError(error.code, translate(error.message), suggestions, error.oclif.exit);
}

function worded(lines: string[]): string[] {
  return lines.filter((line) => !onlyByFlag.test(line)).map((line) => translate(line));
}

/** The environment that a person would set. */
const variables: Array<[RegExp, string]> = [
  [
    /DIGITALOCEAN_ACCESS_TOKEN(?:, or| \(or)? ?(?:DIGITALOCEAN_ACCESS_TOKEN_FILE\)?)?/gv,
    'source.api_key',
  ],
  [/DO_WORKER_CONCOURSE_USERNAME/gv, 'source.fly_username'],
  [/DO_WORKER_CONCOURSE_PASSWORD/gv, 'source.fly_password'],
  [/set them in the environment instead/gv, 'leave them out'],
  // No pipeline runs it.
  [/, or to start-worker .*/gv, ''],
];

/** What no field can do. */
const onlyByFlag = /--keep-on-failure|--target/v;

/** Commands to type keep their flags. */
function translate(text: string): string {
  let said = text;
  for (const [variable, field] of variables) {
    said = said.replaceAll(variable, () => field);
  }

  return said
    .split('\n')
    .map((line) =>
      line.includes('do-worker ')
        ? line
        : line.replaceAll(
            /--(?<flag>[a-z\-]+[a-z])(?: FILE)?/gv,
            (whole, flag: string) => fields[flag] ?? whole,
          ),
    )
    .join('\n');
}
