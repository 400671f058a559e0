import {UsageError} from '../errors.js';
import {Fields} from '../fields.js';
import {certificate, certificatesIn} from '../settings.js';

export type Source = ReturnType<typeof readSource>;
// eslint-disable-next-line unicorn/name-replacements -- Concourse's own word
export type Params = ReturnType<typeof readParams>;
export type Version = Readonly<Record<string, string>>;

/** What a script reads from its standard input. */
export type ResourceRequest = {source: Source; params: Params; version: Version};

const actions = ['create', 'destroy', 'none'] as const;
const longestDrainSeconds = 3600;

/** Standard input as a request; what is wrong with it is added to `problems`. */
export function readRequest(text: string, problems: string[]): ResourceRequest {
  const fields = new Fields('', parseJson(text), problems);
  if ((fields.value.source ?? undefined) === undefined) {
    problems.push('source is missing');
  }

  const version = fields.optionalTexts('version') ?? {};
  const source = fields.optionalObject('source', readSource);
  const parameters = fields.optionalObject('params', readParams);
  fields.rejectUnknown();
  return {
    version,
    source: source ?? readSource(new Fields('', {}, [])),
    params: parameters ?? readParams(new Fields('', {}, [])),
  };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Its text may hold secrets, and so may the parser's message.
  }

  throw new UsageError(['Standard input is not a JSON object, as Concourse gives it']);
}

/** The resource's `source`. */
export function readSource(fields: Fields) {
  const source = {
    apiKey: fields.string('api_key'),
    regions: fields.optionalStrings('regions'),
    region: fields.optionalString('region'),
    sizes: fields.optionalStrings('sizes'),
    size: fields.optionalString('droplet_size'),
    dropletKey: fields.optionalString('droplet_key'),
    misspelltDropletKey: fields.optionalString('droplet_kay'),
    workerKey: fields.string('ci_worker_key'),
    tsaPublicKey: fields.string('ci_tsa_pub_key'),
    tsaHost: fields.optionalString('ci_tsa_host'),
    tsaPort: fields.optionalInteger('ci_tsa_port'),
    username: fields.optionalString('fly_username'),
    password: fields.optionalString('fly_password'),
    concourseUrl: fields.optionalString('concourse_url'),
    caPem: fields.optionalString('ca_cert'),
    team: fields.optionalString('team'),
    image: fields.optionalString('image'),
    vpc: fields.optionalString('vpc_uuid'),
    sshKeys: fields.optionalStrings('ssh_keys'),
    ttlSeconds: fields.optionalSeconds('ttl'),
    timeoutSeconds: fields.optionalSeconds('timeout'),
    concourseVersion: fields.optionalString('concourse_version'),
    concourseDownloadUrl: fields.optionalString('concourse_download_url'),
    template: fields.optionalString('template'),
    variables: fields.optionalTexts('vars'),
    digitalOceanUrl: fields.optionalString('digitalocean_url'),
  };
  fields.rejectUnknown();
  for (const [list, single, isBoth] of [
    ['regions', 'region', source.regions !== undefined && source.region !== undefined],
    ['sizes', 'droplet_size', source.sizes !== undefined && source.size !== undefined],
  ]) {
    if (isBoth) {
      fields.problems.push(`source: give either ${list} or ${single}, not both`);
    }
  }

  if (source.dropletKey !== undefined && source.misspelltDropletKey !== undefined) {
    fields.problems.push('source: give either droplet_key or droplet_kay, not both');
  }

  if ((source.username === undefined) !== (source.password === undefined)) {
    fields.problems.push('source: fly_username and fly_password go together');
  }

  if (source.caPem !== undefined && certificatesIn(source.caPem).length === 0) {
    fields.problems.push(`source: ca_cert does not hold ${certificate}`);
  }

  if (source.tsaHost !== undefined && !/^[\w.:\-\[\]]+$/v.test(source.tsaHost)) {
    fields.problems.push('source: ci_tsa_host is no host name or address');
  }

  if (source.tsaPort !== undefined && (source.tsaPort < 1 || source.tsaPort > 65_535)) {
    fields.problems.push(`source: ci_tsa_port ${source.tsaPort} is no port`);
  }

  return source;
}

/** A step's `params`. */
// eslint-disable-next-line unicorn/name-replacements -- Concourse's own word
export function readParams(fields: Fields) {
  const parameters = {
    workerName: fields.optionalString('worker_name'),
    action: fields.optionalOneOf('action', actions),
    count: fields.optionalInteger('count'),
    tags: fields.optionalStrings('tags'),
    dontDestroy: fields.optionalBoolean('dont_destroy') ?? false,
    drainSeconds: fields.optionalSeconds('drain'),
  };
  fields.rejectUnknown();
  if ((parameters.drainSeconds ?? 0) > longestDrainSeconds) {
    fields.problems.push('params: drain is longer than an hour, which nobody would wait for');
  }

  if (parameters.dontDestroy && parameters.action === 'create') {
    fields.problems.push('params: dont_destroy goes with action destroy only');
  }

  return parameters;
}

/** What only makes sense where workers are made. */
export function rejectCreateOnly({count, tags}: Params, problems: string[]): void {
  if (count !== undefined || tags !== undefined) {
    problems.push('params: count and tags go with action create only');
  }
}
