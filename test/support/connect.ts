import {connectCiServer, type CiSettings, type Kind} from '../../src/ci-server.js';
import {readTemplate, shippedTemplatePath} from '../../src/cloud-init/template.js';
import type {ConcourseSettings} from '../../src/concourse/ci-server.js';
import type {Context} from '../../src/context.js';
import {DigitalOcean} from '../../src/digitalocean/client.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';
import type {TaskclusterSettings} from '../../src/taskcluster/ci-server.js';
import type {CreateRequest} from '../../src/workers/plan.js';

export type Connected = {
  context: Context;
  /** Phases and notes, as they were told. */
  progress: string[];
  /** Ends the operation as Ctrl-C does. */
  abort: (reason: Error) => void;
};

/** An emulator on which a minute passes in 0.6 s. */
export async function startQuick(
  options: Parameters<typeof startEmulator>[0] = {},
): Promise<Emulator> {
  return startEmulator({
    timeScale: 100,
    createMs: 3000,
    bootMs: 3000,
    simulateRunner: true,
    ...options,
  });
}

/** The real clients on an emulator, in its time. */
export async function connect(
  emulator: Emulator,
  {
    onPhase,
    kind = 'concourse',
    concourse = {},
    taskcluster = {},
    token = emulator.digitalOcean.token,
    timeoutMs,
  }: {
    onPhase?: (name: string) => void;
    kind?: Kind;
    concourse?: Partial<ConcourseSettings>;
    taskcluster?: Partial<TaskclusterSettings>;
    token?: string;
    /** Of a request to DigitalOcean, in real milliseconds. */
    timeoutMs?: number;
  } = {},
): Promise<Connected> {
  const secondMs = 1000 / emulator.clock.scale;
  const progress: string[] = [];
  const stop = new AbortController();
  const problems: string[] = [];
  const settings: {[K in Kind]: CiSettings<K>['settings']} = {
    concourse: {...concourseSettings(emulator), secondMs, ...concourse},
    taskcluster: {...taskclusterSettings(emulator), secondMs, ...taskcluster},
  };
  const ci = await connectCiServer({kind, settings: settings[kind]}, problems);
  if (problems.length > 0) {
    throw new Error(problems.join('\n'));
  }

  return {
    progress,
    abort(reason) {
      stop.abort(reason);
    },
    context: {
      digitalOcean: new DigitalOcean({url: emulator.digitalOcean.url, token, secondMs, timeoutMs}),
      kind,
      ci,
      signal: stop.signal,
      time: {secondMs, now: () => emulator.clock.now()},
      progress: {
        phase(name, message) {
          progress.push(`${name}: ${message}`);
          onPhase?.(name);
        },
        note(message) {
          progress.push(message);
        },
        update: () => undefined,
      },
    },
  };
}

export function concourseSettings({concourse}: Emulator): ConcourseSettings {
  return {
    url: concourse.url,
    login: {username: concourse.username, password: concourse.password},
    tsaHost: concourse.tsaHost,
    tsaPort: concourse.tsaPort,
    tsaPublicKey: concourse.tsaPublicKey,
    workerKey: concourse.workerKey,
  };
}

export function taskclusterSettings({taskcluster}: Emulator): TaskclusterSettings {
  return {
    rootUrl: taskcluster.url,
    workerPoolId: taskcluster.pool,
    credentials: {clientId: taskcluster.clientId, accessToken: taskcluster.accessToken},
    genericWorkerVersion: '106.0.0',
  };
}

/** A sound request for one Taskcluster worker named build-arm. */
export async function taskclusterRequest(
  changes: Partial<CreateRequest> = {},
): Promise<CreateRequest> {
  const template = await readTemplate(shippedTemplatePath('taskcluster-worker'));
  return request({template, ...changes});
}

/** A sound request for one worker named build-arm. */
export async function request(changes: Partial<CreateRequest> = {}): Promise<CreateRequest> {
  return {
    workerName: 'build-arm',
    count: 1,
    regions: ['ams3'],
    sizes: ['s-2vcpu-2gb'],
    image: 'ubuntu-24-04-x64',
    sshKeys: [],
    ttlSeconds: 4 * 3600,
    timeoutSeconds: 900,
    tags: [],
    variables: {},
    template: await readTemplate(shippedTemplatePath('concourse-worker')),
    keepOnFailure: false,
    ...changes,
  };
}

/** How many droplets DigitalOcean was asked to make. */
export function dropletPosts({digitalOcean}: Emulator): number {
  return digitalOcean.requests.filter(
    ({method, path}) => method === 'POST' && path.startsWith('/v2/droplets'),
  ).length;
}
