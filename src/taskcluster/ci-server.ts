import {randomBytes} from 'node:crypto';
import type {Advice, CiServer, CiWorker, Place, WorkerRequest} from '../ci-server.js';
import {secret} from '../cloud-init/secret.js';
import {ActionableError, allChecks} from '../errors.js';
import {certificatesIn} from '../settings.js';
import type {Credentials} from './credentials.js';
import {inputProblems} from './inputs.js';
import {isRegion, longestName, workerNamesIn} from './names.js';
import {checkPool, noPool} from './preflight.js';
import {runnerFrom} from './runner.js';
import {unlessUnknown} from './service.js';
import {
  genericWorkerFrom,
  uncheckedUrls,
  type TaskclusterTemplateValues,
} from './template-values.js';
import type {Worker} from './types.js';
import {WorkerManager} from './worker-manager.js';

export type TaskclusterSettings = {
  rootUrl: string;
  workerPoolId: string;
  credentials?: Credentials | undefined;
  caPem?: string | undefined;
  genericWorkerVersion: string;
  /** Replaces GitHub's releases; same layout. */
  genericWorkerUrl?: string | undefined;
  /** Folder of a docker-worker that the image has: it takes generic-worker's place. */
  dockerWorker?: string | undefined;
  /** Replaces the project's releases; same layout. */
  runnerUrl?: string | undefined;
  secondMs?: number;
  timeoutMs?: number;
};

const howToLogIn =
  'set TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, as taskcluster signin prints them';

/** The queue tells when it last saw a worker to half an hour, half an hour late (worker-manager's `lastDateActive`). */
const silentMs = 90 * 60 * 1000;
/** A record outlives its droplet's ttl, so that the worker-scanner never prolongs it (facts 14). */
const reserveMs = 8 * 24 * 3600 * 1000;

/** A pool of Taskcluster's worker-manager as the core sees it: static workers, announced before their droplets. */
export async function createTaskcluster(
  settings: TaskclusterSettings,
  problems: string[],
): Promise<CiServer> {
  const {rootUrl, workerPoolId, credentials, dockerWorker, caPem = ''} = settings;
  problems.push(...inputProblems(settings));
  const manager = new WorkerManager(settings);
  const runner = await runnerFrom(settings.runnerUrl);
  const genericWorker =
    dockerWorker === undefined
      ? genericWorkerFrom(settings.genericWorkerVersion, settings.genericWorkerUrl)
      : undefined;
  const now = () => manager.time ?? Date.now();
  let providerId: string | undefined;

  function requireLogin(): Credentials {
    return credentials ?? noLogin(rootUrl);
  }

  async function provider(signal: AbortSignal): Promise<string> {
    requireLogin();
    const pool = await manager.workerPool(workerPoolId, signal);
    return pool === undefined ? noPool(workerPoolId, rootUrl) : pool.providerId;
  }

  async function running(signal?: AbortSignal): Promise<Worker[]> {
    requireLogin();
    return manager.listWorkersForWorkerPool(workerPoolId, {state: 'running', signal});
  }

  function templateValues(
    request: WorkerRequest,
    worker: {providerId: string; workerId: string; staticSecret: string; place: Place},
  ): TaskclusterTemplateValues {
    return {
      name: request.workerName,
      rootUrl,
      workerPoolId,
      providerId: worker.providerId,
      workerGroup: worker.place.region,
      workerId: worker.workerId,
      instanceType: worker.place.size,
      staticSecret: secret(worker.staticSecret),
      genericWorker,
      dockerWorker,
      runner,
      caCerts: certificatesIn(caPem),
      ttlSeconds: request.ttlSeconds,
      ssh: request.hasSshKey,
      vars: request.variables,
    };
  }

  return {
    kind: 'taskcluster',
    url: rootUrl,
    flags: {'worker-pool': workerPoolId},
    template: 'taskcluster-worker',
    maxNameLength: longestName,
    advice: adviceFor(workerPoolId),

    // The page of the pool. A list has the workers of one pool, so droplets of another must not look like strays of it.
    async externalUrl() {
      return `${rootUrl}/worker-manager/${encodeURIComponent(workerPoolId)}`;
    },

    plan(request, found) {
      if (credentials === undefined) {
        found.push(`No credentials for Taskcluster at ${rootUrl}: ${howToLogIn}`);
      }

      if (request.tags.length > 0) {
        found.push('Taskcluster knows no tags for workers: leave --tag out');
      }

      const place = {region: 'ams3', size: 's-1vcpu-1gb'};
      const sample = {providerId: 'static', workerId: 'sample', staticSecret: newSecret(), place};
      return templateValues(request, sample);
    },

    async preflight({regions}, signal) {
      const {clientId} = requireLogin();
      const checked = {manager, rootUrl, workerPoolId, clientId, regions};
      providerId = await checkPool(checked, signal);
      return [
        `Taskcluster at ${rootUrl}: pool ${workerPoolId} of provider ${providerId} takes workers from ${clientId}`,
        ...uncheckedUrls({genericWorker, runner}).map(
          (url) =>
            `Not safe: droplets will run unchecked, as root, what comes over http from ${url}`,
        ),
      ].join('\n');
    },

    async preview(name, request, place, signal) {
      const worker = {providerId: await provider(signal), workerId: name, place};
      return templateValues(request, {...worker, staticSecret: newSecret()});
    },

    async prepare(names, request, place, signal) {
      const owner = providerId ?? (await provider(signal));
      const expires = new Date(now() + request.ttlSeconds * 1000 + reserveMs).toISOString();
      // No request is cut short: a record whose answer is lost would have to be found again. All end before one fails the rest.
      return allChecks(
        names.map(async (workerId) => {
          const staticSecret = newSecret();
          const worker = {workerPoolId, workerGroup: place.region, workerId};
          const definition = {expires, capacity: 1, providerInfo: {staticSecret}};
          await manager.createWorker(worker, definition, {betweenAttempts: signal});
          const values = {providerId: owner, workerId, staticSecret, place};
          return {names: [workerId], values: templateValues(request, values)};
        }),
      );
    },

    async list(signal) {
      const [workers, active] = await Promise.all([
        running(signal),
        manager.listWorkers(workerPoolId, signal),
      ]);
      const activeAt = new Map(
        active.map((each) => [keyOf(each), Date.parse(each.lastDateActive ?? '')]),
      );
      return workers.map((worker) => describe(worker, activeAt.get(keyOf(worker)), now()));
    },

    async listsAll() {
      return true;
    },

    async retire() {
      throw new ActionableError(
        'NO_DRAIN',
        'Taskcluster does not tell when a worker is idle; its queue runs a task again whose worker is gone',
      );
    },

    async remove(names, signal) {
      const wanted = new Set(names);
      const workers = await running(signal);
      await allChecks(
        workers
          .filter(({workerId}) => wanted.has(workerId))
          .map(async (worker) => unlessUnknown(manager.removeWorker(worker, signal))),
      );
      return [];
    },
  };
}

/** `activeAt`: when the queue saw it last; undefined for a worker that never asked it for work. */
function describe(worker: Worker, activeAt: number | undefined, now: number): CiWorker {
  const {workerId, workerGroup, created} = worker;
  const hasRegistered = activeAt !== undefined;
  return {
    name: workerId,
    state: hasRegistered ? 'running' : 'announced',
    tags: workerNamesIn(workerId),
    hasRegistered,
    isStale: isRegion(workerGroup) && now - (activeAt ?? Date.parse(created)) > silentMs,
    lacks: () =>
      hasRegistered
        ? undefined
        : {reason: 'announced, but has not asked the queue for work yet', isFinal: false},
  };
}

/** 44 characters, as the worker-manager demands them (facts 14). */
function newSecret(): string {
  return randomBytes(33).toString('base64url');
}

function keyOf({workerGroup, workerId}: {workerGroup: string; workerId: string}): string {
  return `${workerGroup}/${workerId}`;
}

function adviceFor(workerPoolId: string): Advice {
  return {
    notRegistered: [
      'The droplet must reach Taskcluster, and what --runner-url and --generic-worker-url name',
    ],
    stillListed: () => [
      `Give the client the scopes worker-manager:list-workers:${workerPoolId} worker-manager:remove-worker:${workerPoolId}/*`,
    ],
  };
}

function noLogin(rootUrl: string): never {
  throw new ActionableError(
    'NO_LOGIN',
    `No credentials for Taskcluster at ${rootUrl}: ${howToLogIn}`,
  );
}
