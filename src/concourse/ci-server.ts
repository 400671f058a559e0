import {allChecks} from '../errors.js';
import type {Advice, CiServer, WorkerRequest} from '../ci-server.js';
import {defaultDownloadUrl, type ConcourseTemplateValues} from '../cloud-init/concourse-values.js';
import {parsePrivateKey, parseWorkerKeys} from '../cloud-init/keys.js';
import {secret} from '../cloud-init/secret.js';
import {orProblems} from '../settings.js';
import {checkTeam, inputProblems, loginProblems, releaseFor} from './checks.js';
import {Concourse, type Login} from './client.js';
import {removeWorkers, retireWorkers} from './removal.js';
import {lacks} from './registration.js';
import {probeTsa, type TsaOptions} from './tsa.js';
import {compareVersions} from './version.js';

export type ConcourseSettings = {
  url: string;
  login?: Login | undefined;
  /** Default: workers for all teams. */
  team?: string | undefined;
  caPem?: string | undefined;
  insecure?: boolean | undefined;
  tsaHost?: string | undefined;
  tsaPort: number;
  /** Text of an authorized_keys file. */
  tsaPublicKey?: string | undefined;
  /** Text of a PEM file. */
  workerKey?: string | undefined;
  /** Default: the web's own. */
  version?: string | undefined;
  /** Replaces GitHub's releases; same layout. */
  downloadUrl?: string | undefined;
  secondMs?: number;
  timeoutMs?: number;
};

function adviceFor(team: string | undefined): Advice {
  return {
    notRegistered: [
      'The worker must reach the TSA, and the Concourse release (see --concourse-download-url)',
      // The TSA tells nobody, and lets the worker try for ever.
      ...(team === undefined ? [] : [`Is there a team ${team}? See: fly teams`]),
    ],
    stillListed: ([name]) => [
      'Give the worker key (--worker-key, and --team for workers of a team) or a login that may prune them',
      `By hand: fly prune-worker --worker ${name}`,
      'Ephemeral workers leave the list by themselves within two minutes',
    ],
  };
}

const keyNames = {workerKey: 'The worker key', tsaPublicKey: 'The TSA public key'};

/** Concourse as the core sees it: the ATC over HTTP for what it lists, the TSA over SSH for what it removes. */
export async function createConcourse(
  settings: ConcourseSettings,
  problems: string[],
): Promise<CiServer> {
  const {url, team, secondMs = 1000} = settings;
  const client = new Concourse(settings);
  const {hostKeys, workerKey} = await readKeys(settings, problems);
  const tsaHost = settings.tsaHost ?? new URL(url).hostname;
  const tsa: TsaOptions | undefined =
    workerKey === undefined || hostKeys === undefined
      ? undefined
      : {
          host: tsaHost,
          port: settings.tsaPort,
          hostKeys: hostKeys.map(({blob}) => blob),
          workerKey,
        };

  function templateValues(release: string, request: WorkerRequest): ConcourseTemplateValues {
    return {
      name: request.workerName,
      tags: [...new Set([request.workerName, ...request.tags])],
      team,
      tsaHosts: `${tsaHost}:${settings.tsaPort}`,
      tsaPublicKey: (hostKeys ?? []).map(({line}) => `${line}\n`).join(''),
      workerKey: secret(workerKey ?? ''),
      concourseVersion: release,
      downloadUrl: (settings.downloadUrl ?? defaultDownloadUrl).replace(/\/+$/v, ''),
      ttlSeconds: request.ttlSeconds,
      ssh: request.hasSshKey,
      containerd: compareVersions(release, '6.5.0') >= 0,
      vars: request.variables,
    };
  }

  // One answer serves all droplets of a create.
  let release = settings.version;

  async function valuesFor(request: WorkerRequest, signal: AbortSignal) {
    release ??= releaseFor(undefined, await client.info(signal), url);
    return templateValues(release, request);
  }

  return {
    kind: 'concourse',
    url,
    flags: {},
    template: 'concourse-worker',
    maxNameLength: 63,
    advice: adviceFor(team),

    async externalUrl(signal) {
      const {external_url: externalUrl} = await client.info(signal);
      return externalUrl !== undefined && URL.canParse(externalUrl) ? externalUrl : url;
    },

    plan(request, found, {isAsked}) {
      found.push(...inputProblems(settings, request, found));
      if (isAsked) {
        found.push(...loginProblems(settings, found));
      }

      return templateValues(settings.version ?? '99.99.99', request);
    },

    async preflight(_request, signal) {
      const info = await client.info(signal);
      releaseFor(settings.version, info, url);
      await allChecks([
        checkTeam(client, team, signal),
        tsa === undefined ? Promise.resolve() : probeTsa(tsa, team ?? '', signal),
      ]);
      return `Concourse ${info.version} at ${url}; its TSA at ${tsaHost}:${settings.tsaPort} accepts the worker key`;
    },

    async preview(_name, request, _place, signal) {
      return valuesFor(request, signal);
    },

    async prepare(names, request, _place, signal) {
      return [{names, values: await valuesFor(request, signal)}];
    },

    async list(signal) {
      const [info, workers] = await Promise.all([client.info(signal), client.workers(signal)]);
      return workers.map((worker) => ({
        name: worker.name,
        state: worker.state,
        tags: worker.tags ?? [],
        hasRegistered: true,
        isStale: ['stalled', 'landed'].includes(worker.state),
        lacks: (request, createdAt) =>
          lacks(worker, {request, createdAt, team, webVersion: info.worker_version}),
      }));
    },

    async listsAll(signal) {
      const {is_admin: isAdmin} = await client.user(signal);
      return isAdmin === true;
    },

    async retire(names, signal) {
      await retireWorkers(names, {client, tsa, team: team ?? ''}, signal);
    },

    async remove(names, signal) {
      return removeWorkers(names, {client, tsa, team: team ?? '', secondMs}, signal);
    },
  };
}

async function readKeys({workerKey, tsaPublicKey}: ConcourseSettings, problems: string[]) {
  if (workerKey !== undefined && tsaPublicKey !== undefined) {
    const texts = {workerKey, tsaPublicKey};
    const keys = await orProblems(parseWorkerKeys(texts, keyNames), problems);
    return {workerKey: keys?.workerKey.pem, hostKeys: keys?.tsaKeys};
  }

  const key =
    workerKey && (await orProblems(parsePrivateKey(workerKey, keyNames.workerKey), problems));
  return {workerKey: key === '' ? undefined : key?.pem, hostKeys: undefined};
}
