import {type Release, releaseOf} from '../concourse/releases.js';
import type {CloudConfig} from './cloud-config.js';
import {parseEnvironmentFile} from './environment-file.js';
import {hostKeysIn, rsaKeyIn} from './key-files.js';
import {type Service, serviceOf} from './service.js';
import {startedUnit, type Unit, valuesOf} from './units.js';

/** A `concourse worker` as its unit would start it. */
export type WorkerProcess = {
  readonly release: Release;
  readonly name: string;
  readonly tags: readonly string[];
  readonly team: string;
  readonly ephemeral: boolean;
  readonly tsaHosts: ReadonlyArray<{readonly host: string; readonly port: number}>;
  /** Key blobs in base64. */
  readonly hostKeys: readonly string[];
  readonly privateKey: string;
  readonly service: Service;
};

const runsWorker = /(?:^|[\s\/])concourse\s+worker(?:\s|$)/v;

/** Finds the unit that runs the worker and checks everything that the real binary checks; throws one line. */
export function workerProcessIn(config: CloudConfig): WorkerProcess {
  const unit = startedUnit(config, runsWorker);
  if (unit === undefined) {
    throw new Error('no unit in /etc/systemd/system runs "concourse worker"');
  }

  const environment = environmentOf(unit, config);
  const release = releaseIn(config);
  checkRuntime(environment, release);
  demand(environment, 'CONCOURSE_WORK_DIR');
  return {
    release,
    name: environment.get('CONCOURSE_NAME') ?? config.hostname,
    tags: listIn(environment, 'CONCOURSE_TAG'),
    team: listIn(environment, 'CONCOURSE_TEAM')[0] ?? '',
    ephemeral: isTrue(environment, 'CONCOURSE_EPHEMERAL'),
    tsaHosts: tsaHostsIn(environment),
    hostKeys: hostKeysIn(config, demand(environment, 'CONCOURSE_TSA_PUBLIC_KEY')),
    privateKey: rsaKeyIn(config, demand(environment, 'CONCOURSE_TSA_WORKER_PRIVATE_KEY')),
    service: serviceOf(unit, config),
  };
}

function environmentOf(unit: Unit, config: CloudConfig): Map<string, string> {
  const environment = new Map<string, string>();
  const add = (variables: ReadonlyMap<string, string>) => {
    for (const [key, value] of variables) {
      environment.set(key, value);
    }
  };

  for (const value of valuesOf(unit, 'Service.Environment')) {
    add(assignments(value.replaceAll('%H', () => config.hostname).replaceAll('%%', '%')));
  }

  for (const value of valuesOf(unit, 'Service.EnvironmentFile')) {
    const path = value.replace(/^-/v, '');
    const file = config.files.get(path);
    if (file) {
      add(parseEnvironmentFile(file.content));
    } else if (!value.startsWith('-')) {
      throw new Error(`${unit.name} needs ${path}, which user-data does not write`);
    }
  }

  add(flagsOf(valuesOf(unit, 'Service.ExecStart').find((line) => runsWorker.test(line)) ?? ''));
  return environment;
}

/** `A=1 "B=two words"` */
function assignments(line: string): Map<string, string> {
  const words = line.matchAll(/"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<plain>\S+)/gv);
  return new Map(
    [...words].map(({groups}) => {
      const word = groups?.double ?? groups?.single ?? groups?.plain ?? '';
      const equals = word.indexOf('=');
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
}

/** Flags win over the environment: `--tsa-host H` is CONCOURSE_TSA_HOST. */
function flagsOf(command: string): Map<string, string> {
  const flags = command.matchAll(/\s--(?<name>[\-a-z]+)(?:[\s=](?<value>[^\s\-]\S*))?/gv);
  return new Map(
    [...flags].map(({groups}) => [
      `CONCOURSE_${groups?.name?.toUpperCase().replaceAll('-', '_') ?? ''}`,
      groups?.value ?? 'true',
    ]),
  );
}

function releaseIn({files}: CloudConfig): Release {
  for (const [path, {content}] of files) {
    if (path.endsWith('.env')) {
      for (const [key, value] of parseEnvironmentFile(content)) {
        if (key.endsWith('VERSION')) {
          return releaseOf(value);
        }
      }
    }
  }

  throw new Error('no *.env file in user-data names a release in a key that ends in VERSION');
}

function checkRuntime(environment: ReadonlyMap<string, string>, release: Release): void {
  if (!release.knowsRuntimes) {
    return;
  }

  const runtime = environment.get('CONCOURSE_RUNTIME') ?? release.defaultRuntime;
  const foreign: Record<string, string | undefined> = {
    containerd: 'CONCOURSE_GARDEN_',
    guardian: 'CONCOURSE_CONTAINERD_',
    houdini: '',
  };
  const prefix = foreign[runtime];
  if (prefix === undefined) {
    throw new Error('CONCOURSE_RUNTIME is none of containerd, guardian and houdini');
  }

  for (const key of environment.keys()) {
    if (prefix !== '' && key.startsWith(prefix)) {
      throw new Error(
        `${key} is set although the runtime is ${runtime}: the worker refuses to start`,
      );
    }
  }
}

function tsaHostsIn(environment: ReadonlyMap<string, string>): WorkerProcess['tsaHosts'] {
  const value = environment.get('CONCOURSE_TSA_HOST') ?? '127.0.0.1:2222';
  return value.split(',').map((address) => {
    const {host, port} = /^(?<host>.+):(?<port>\d+)$/v.exec(address)?.groups ?? {};
    if (host === undefined || port === undefined) {
      throw new Error('CONCOURSE_TSA_HOST is not host:port');
    }

    return {host: host.replaceAll(/^\[|\]$/gv, ''), port: Number(port)};
  });
}

function listIn(environment: ReadonlyMap<string, string>, key: string): string[] {
  const value = environment.get(key);
  if (value === '') {
    throw new Error(`${key} is set to an empty string`);
  }

  return value?.split(',') ?? [];
}

function isTrue(environment: ReadonlyMap<string, string>, key: string): boolean {
  const value = environment.get(key) ?? 'false';
  if (!['true', 'false', '1', '0', 't', 'f'].includes(value.toLowerCase())) {
    throw new Error(`${key} is neither true nor false`);
  }

  return ['true', '1', 't'].includes(value.toLowerCase());
}

function demand(environment: ReadonlyMap<string, string>, key: string): string {
  const value = environment.get(key) ?? '';
  if (value === '') {
    throw new Error(`${key} is required and not set`);
  }

  return value;
}
