import type {CiServer} from './ci-server.js';
import {parsePrivateKey} from './cloud-init/keys.js';
import {readTemplate, shippedTemplatePath} from './cloud-init/template.js';
import {flag, flagFile, orProblems, type Inputs} from './settings.js';
import {defaults} from './workers/defaults.js';
import type {CreateRequest} from './workers/plan.js';

/** What the flags of `create` and `render` ask for; what is wrong with them is added to the inputs' problems. */
export async function readCreateRequest(
  workerName: string,
  inputs: Inputs,
  ci: CiServer | undefined,
): Promise<CreateRequest> {
  const {flags, problems} = inputs;
  const number = (name: string, otherwise: number) =>
    typeof flags[name] === 'number' ? flags[name] : otherwise;
  const file = flag(inputs, 'template') ?? (ci && shippedTemplatePath(ci.template));
  const [template, dropletKey] = await Promise.all([
    file === undefined ? undefined : orProblems(readTemplate(file), problems),
    readDropletKey(inputs),
  ]);
  return {
    workerName,
    runKey: flag(inputs, 'run'),
    ciId: readCiId(inputs),
    count: number('count', 1),
    min: typeof flags.min === 'number' ? flags.min : undefined,
    regions: texts(flags.region ?? defaults.region),
    sizes: texts(flags.size ?? defaults.size),
    image: numeric(flag(inputs, 'image') ?? ''),
    sshKeys: texts(flags['ssh-key']).map((key) => numeric(key)),
    dropletKey,
    vpc: flag(inputs, 'vpc'),
    ttlSeconds: number('ttl', 0),
    timeoutSeconds: number('timeout', 0),
    tags: texts(flags.tag),
    variables: readVariables([flags.var ?? []].flat().map(String), problems),
    template: template ?? {name: '', text: ''},
    keepOnFailure: flags['keep-on-failure'] === true,
  };
}

/** The CI id that `--ci-id` gives. */
export function readCiId(inputs: Inputs): string | undefined {
  const ciId = flag(inputs, 'ci-id')?.toLowerCase();
  if (ciId !== undefined && !/^[0-9a-f]{8}$/v.test(ciId)) {
    inputs.problems.push(
      `CI id ${JSON.stringify(ciId)} is not 8 hex digits; see the CI ids: do-worker list --json`,
    );
  }

  return ciId;
}

async function readDropletKey(inputs: Inputs): Promise<CreateRequest['dropletKey']> {
  const text = await flagFile(inputs, 'droplet-key');
  return text === undefined
    ? undefined
    : orProblems(
        parsePrivateKey(text, `The droplet key (${flag(inputs, 'droplet-key')})`),
        inputs.problems,
      );
}

function readVariables(pairs: string[], problems: string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const pair of pairs) {
    const [, key, value] = /^(?<key>[A-Za-z_]\w*)=(?<value>.*)$/sv.exec(pair) ?? [];
    if (key === undefined || value === undefined) {
      // Not repeated here: what was meant as the value may be a secret.
      problems.push('A --var is not KEY=VALUE with a key of letters, digits and _');
    } else {
      variables[key] = value;
    }
  }

  return variables;
}

/** A repeatable flag; its environment variable comes as one text, with commas between. */
function texts(value: unknown): string[] {
  const all =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value.map(String) : [];
  return all.map((each) => each.trim()).filter((each) => each !== '');
}

/** DigitalOcean takes ids as numbers and slugs as texts. */
export function numeric(text: string): string | number {
  return /^\d+$/v.test(text) ? Number(text) : text;
}
