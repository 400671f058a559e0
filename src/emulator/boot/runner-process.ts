import {load} from 'js-yaml';
import type {CloudConfig} from './cloud-config.js';
import {type Service, serviceOf} from './service.js';
import {startedUnit, valuesOf} from './units.js';

/** A `start-worker` as its unit would start it. */
export type RunnerProcess = {
  /** The runner configuration that user-data writes. */
  readonly config: RunnerConfig;
  readonly service: Service;
  /** The certificates that its Node is told to trust, in PEM; '' for none but its own. */
  readonly trusted: string;
};

export type RunnerConfig = Record<string, unknown> & {
  readonly provider: Readonly<Record<string, unknown>>;
  readonly worker: Readonly<Record<string, unknown>>;
};

const runsRunner = /(?:^|[\s\/])start-worker\s+(?<file>\/\S+)/v;

/** Finds the unit that runs start-worker and what it reads; undefined when no unit does. Quotes nothing of it. */
export function runnerProcessIn(config: CloudConfig): RunnerProcess | undefined {
  const unit = startedUnit(config, runsRunner);
  if (unit === undefined) {
    return undefined;
  }

  const [path = ''] = valuesOf(unit, 'Service.ExecStart').flatMap(
    (line) => runsRunner.exec(line)?.groups?.file ?? [],
  );
  const file = config.files.get(path);
  if (file === undefined) {
    throw new Error(`${path}, which ${unit.name} needs, is not written by user-data`);
  }

  // Nothing for group and others: it holds the secret.
  if (file.mode % 0o100 !== 0) {
    throw new Error(`${path} may be read by others than its owner`);
  }

  const runner = parse(file.content, path);
  const {metadataFile} = runner.provider;
  if (typeof metadataFile === 'string' && !isWritten(metadataFile, path, config)) {
    throw new Error(`nothing writes ${metadataFile}, which ${unit.name} needs`);
  }

  const isTold = valuesOf(unit, 'Service.Environment').includes(
    'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
  );
  return {
    config: runner,
    service: serviceOf(unit, config),
    trusted: isTold ? config.trusted.join('\n') : '',
  };
}

/** Whether any other written file names it, as the script that writes it must. */
function isWritten(file: string, reader: string, {files}: CloudConfig): boolean {
  return [...files].some(([path, {content}]) => path !== reader && content.includes(file));
}

function parse(text: string, path: string): RunnerConfig {
  let value: unknown;
  try {
    value = load(text);
  } catch {
    // Told below, without the text, which holds a secret.
  }

  const {provider, worker} = (value ?? {}) as Partial<RunnerConfig>;
  if (typeof provider !== 'object' || typeof worker !== 'object') {
    throw new TypeError(`${path} is no runner configuration with a provider and a worker`);
  }

  return value as RunnerConfig;
}
