import {CORE_SCHEMA, load, mergeTag, YAMLException} from 'js-yaml';
import {ActionableError} from '../errors.js';
import type {FieldText} from './field-texts.js';
import type {Log} from './log.js';
import {isObject} from './pick.js';
import {readPrivateFile} from './private-file.js';
import {Section} from './section.js';
import {typeName, type Json, type JsonObject} from './worker-config.js';

/** What the runner is told by its configuration file. */
export type RunnerConfig = {
  provider: {type: string; section: Section};
  worker: {implementation: string; section: Section};
  /** The lowest level of the worker's configuration. */
  workerConfig: JsonObject;
  getSecrets: boolean;
  /** The file that keeps the state; undefined: none does. */
  cacheOverRestarts: string | undefined;
  logging: {implementation: string; section: Section} | undefined;
};

export const configFields: FieldText[] = [
  {
    name: 'provider.providerType',
    type: 'string',
    isRequired: true,
    text: 'Where the worker runs: one of the providers below. The other fields of `provider` depend on it',
  },
  {
    name: 'worker.implementation',
    type: 'string',
    isRequired: true,
    text: 'Which worker is started: one of the workers below. The other fields of `worker` depend on it',
  },
  {
    name: 'workerConfig',
    type: 'object',
    isRequired: false,
    text: "The worker's own configuration. What the pool's definition, the secrets and start-worker itself set wins over it",
  },
  {
    name: 'getSecrets',
    type: 'boolean',
    isRequired: false,
    text: 'Whether the secrets `worker-type:<pool>` and `worker-pool:<pool>` are merged into the worker configuration; true by default',
  },
  {
    name: 'cacheOverRestarts',
    type: 'string',
    isRequired: false,
    text: 'File that keeps registration and worker configuration, so that a machine that reboots does not register again; none by default',
  },
  {
    name: 'logging.implementation',
    type: 'string',
    isRequired: false,
    text: "Where start-worker's messages and the worker's go; `stdio` by default. Required inside `logging`",
  },
];

/** Far more than anybody writes, and far fewer than make a small file fill the memory. */
const maxAliases = 32;
const schema = CORE_SCHEMA.withTags(mergeTag);

/** Reads the runner configuration, once nobody but its owner may; no error shows what it holds. */
export async function readRunnerConfig(file: string, log: Log): Promise<RunnerConfig> {
  log.line(`Loading worker-runner configuration from ${file}`);
  const config = await loadRunnerConfig(file, log);
  if (config.provider.type === '') {
    throw problem('no provider given in configuration', [
      `Name one in provider.providerType of ${file}`,
    ]);
  }

  if (config.worker.implementation === '') {
    throw problem('no worker implementation given in configuration', [
      `Name one in worker.implementation of ${file}`,
    ]);
  }

  return config;
}

async function loadRunnerConfig(file: string, log: Log): Promise<RunnerConfig> {
  try {
    const text = await readPrivateFile(file, (mode) => {
      log.line(
        `WARNING: runner config file ${file} had insecure permissions and has been tightened from ${mode} to 0600; create it with that mode`,
      );
    });
    if (text === undefined) {
      throw problem('no such file', ['Check the argument of start-worker']);
    }

    return parseRunnerConfig(text);
  } catch (error) {
    throw error instanceof ActionableError
      ? problem(`error loading runner config file ${file}: ${error.message}`, error.suggestions)
      : error;
  }
}

/** The runner configuration in a YAML text, of which JSON is one; where no provider or worker is given, its name is empty. */
export function parseRunnerConfig(text: string): RunnerConfig {
  const root = parseYaml(text);
  if (!isObject(root)) {
    throw problem(`it should hold an object, not ${root === null ? 'nothing' : typeName(root)}`);
  }

  const providerFields = objectIn(root, 'provider');
  const workerFields = objectIn(root, 'worker');
  const loggingFields = objectIn(root, 'logging');
  const type = kindIn(providerFields, 'providerType', 'provider config', 'a');
  const implementation = kindIn(
    workerFields,
    'implementation',
    'worker implementation config',
    'an',
  );
  const logging = kindIn(loggingFields, 'implementation', 'logging config', 'a');
  const cacheFile = valueIn(
    root,
    'cacheOverRestarts',
    'string',
    (value) => typeof value === 'string',
  );
  return {
    provider: {type, section: new Section('provider', providerFields ?? {})},
    worker: {implementation, section: new Section('worker', workerFields ?? {})},
    workerConfig: objectIn(root, 'workerConfig') ?? {},
    getSecrets: booleanIn(root, 'getSecrets') ?? true,
    cacheOverRestarts: cacheFile === '' ? undefined : cacheFile,
    logging: loggingFields && {
      implementation: logging,
      section: new Section('logging', loggingFields),
    },
  };
}

/** The value as JSON has it: without aliases, and without numbers that are none. */
function parseYaml(text: string): Json {
  try {
    const value = load(text, {schema, maxAliases});
    const json = JSON.stringify(value);
    return JSON.parse(json) as Json;
  } catch (error) {
    if (!(error instanceof YAMLException)) {
      throw problem('not valid YAML: an alias (`*name`) may make it endless');
    }

    // Its message quotes the text around the fault, and even its reason may quote a word: either can be a secret.
    const reason = error.reason.split(/[!"'<:]/v, 1)[0]!.trim();
    const where = error.mark === undefined ? '' : ` in line ${error.mark.line + 1}`;
    throw problem(`not valid YAML${where}: ${reason}`);
  }
}

function kindIn(
  fields: JsonObject | undefined,
  field: string,
  where: string,
  article: 'a' | 'an',
): string {
  if (fields === undefined) {
    return '';
  }

  if (!Object.hasOwn(fields, field)) {
    throw problem(`${where} must have ${article} \`${field}\` property`);
  }

  const value = fields[field];
  if (typeof value !== 'string') {
    throw problem(`${where}'s \`${field}\` property must be a string`);
  }

  return value;
}

/** The original takes YAML 1.1's names of booleans, too, where it expects one. */
function booleanIn(root: JsonObject, field: string): boolean | undefined {
  const value = root[field];
  return typeof value === 'string' && /^(?:[yn]|yes|no|on|off)$/iv.test(value)
    ? /^(?:y|yes|on)$/iv.test(value)
    : valueIn(root, field, 'boolean', (each) => typeof each === 'boolean');
}

function objectIn(root: JsonObject, field: string): JsonObject | undefined {
  return valueIn(root, field, 'object', isObject);
}

/** Undefined when it is absent or null. */
function valueIn<Value extends Json>(
  root: JsonObject,
  field: string,
  expected: string,
  isRight: (value: Json) => value is Value,
): Value | undefined {
  const value = Object.hasOwn(root, field) ? root[field]! : null;
  if (value === null || isRight(value)) {
    return value ?? undefined;
  }

  throw problem(
    `configuration value \`${field}\` should have type ${expected}, got ${typeName(value)}`,
  );
}

function problem(message: string, suggestions: string[] = []): ActionableError {
  return new ActionableError('RUNNER_CONFIG', message, suggestions);
}
