import type {ConcourseSettings} from './concourse/ci-server.js';
import {flag, type Inputs} from './settings.js';
import type {TaskclusterSettings} from './taskcluster/ci-server.js';

/** Workers as asked for, whatever the CI server. */
export type WorkerRequest = {
  /** In the user's spelling. */
  workerName: string;
  /** More tags than the worker's name, where the CI server knows tags. */
  tags: string[];
  ttlSeconds: number;
  /** Where droplets may be. */
  regions: string[];
  /** An SSH key goes onto the droplet, so port 22 stays open. */
  hasSshKey: boolean;
  /** For templates of one's own. */
  variables: Record<string, string>;
};

/** Where and how large a droplet will be. */
export type Place = {region: string; size: string};

/** One user-data document and the droplets that may share it. */
export type Bootstrap = {names: string[]; values: Record<string, unknown>};

/** A worker as the CI server lists it. */
export type CiWorker = {
  name: string;
  /** The CI server's own word, such as `running` or `stalled`. */
  state: string;
  /** What it goes by: when it is ours, with the worker name, or what its own name has of it. */
  tags: string[];
  /** False while there is only the record that `prepare` made: nobody knows of a worker behind it. */
  hasRegistered: boolean;
  /** Nothing lives behind it, unless a droplet of ours does. */
  isStale: boolean;
  /** What keeps it from taking the work asked for; undefined when nothing does. `createdAt` is its droplet's. */
  lacks(request: WorkerRequest, createdAt: Date): Lack | undefined;
};

/** Why a listed worker does not count as registered; `isFinal` when waiting cannot change it. */
export type Lack = {reason: string; isFinal: boolean};

/** What a person can do where only this kind of CI server tells. */
export type Advice = {
  /** A droplet did not become a worker in time, or switched itself off. */
  notRegistered: string[];
  /** Droplets are gone, and the CI server still lists these workers. */
  stillListed(names: string[]): string[];
};

/** What the core needs from a CI server. Removing what is gone already is success. */
export type CiServer = {
  readonly kind: Kind;
  readonly url: string;
  /** What names it on the command line, besides its kind, and its URL in the environment. */
  readonly flags: Readonly<Record<string, string>>;
  /** The template that its workers boot with, a file of `templates/` without its ending. */
  readonly template: string;
  /** Of a worker, and so of its droplet. */
  readonly maxNameLength: number;
  readonly advice: Advice;
  /** The URL that names what is listed here, as the server itself gives it, else as it was given. */
  externalUrl(signal?: AbortSignal): Promise<string>;
  /**
   * Everything that can be known without a request: adds problems, gives values to try the template with. With `isAsked`
   * it will be asked for its workers too.
   */
  plan(
    request: WorkerRequest,
    problems: string[],
    use: {isAsked: boolean},
  ): Record<string, unknown>;
  /** Everything that can be known before it costs money; writes nothing. Gives a line to show. */
  preflight(request: WorkerRequest, signal: AbortSignal): Promise<string>;
  /** The template's values as `prepare` would give them for a droplet of this name, without making records. */
  preview(
    name: string,
    request: WorkerRequest,
    place: Place,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>>;
  /** Makes the records that must exist before droplets with these new names, and what these boot with. */
  prepare(
    names: string[],
    request: WorkerRequest,
    place: Place,
    signal: AbortSignal,
  ): Promise<Bootstrap[]>;
  list(signal?: AbortSignal): Promise<CiWorker[]>;
  /** Whether the list has everybody's workers: else one that is missing from it may run all the same. */
  listsAll(signal?: AbortSignal): Promise<boolean>;
  /** Lets running builds end and takes no new ones; the worker leaves the list when it is idle. */
  retire(names: string[], signal: AbortSignal): Promise<void>;
  /** Removes them from the list; gives those that are still listed. Their droplets are gone. */
  remove(names: string[], signal: AbortSignal): Promise<string[]>;
};

type SettingsByKind = {concourse: ConcourseSettings; taskcluster: TaskclusterSettings};

export type Kind = keyof SettingsByKind;

/** The settings of one CI server, as its own folder reads and understands them. */
export type CiSettings<K extends Kind = Kind> = {
  [Each in K]: {kind: Each; settings: SettingsByKind[Each]};
}[K];

type Implementation<K extends Kind> = {
  /** How inputs name a server of this kind. */
  howToName: string;
  /** What becomes of its workers' entries when it is not named. */
  unnamed: string;
  /** Whether inputs that name no server say a part of what names one. */
  isHalfNamed(inputs: Inputs): boolean;
  /** Undefined when the inputs name none. */
  readSettings(inputs: Inputs): Promise<SettingsByKind[K] | undefined>;
  connect(settings: SettingsByKind[K], problems: string[]): Promise<CiServer>;
};

/** The table of kinds: a further CI server is one entry here. */
const implementations: {[K in Kind]: Implementation<K>} = {
  concourse: {
    howToName: 'give --concourse-url, or --target with a fly login',
    unnamed: 'it takes workers whose droplets are gone off its list by itself',
    isHalfNamed: () => false,
    async readSettings(inputs) {
      const {readConcourseSettings} = await import('./concourse/settings.js');
      return readConcourseSettings(inputs);
    },
    async connect(settings, problems) {
      const {createConcourse} = await import('./concourse/ci-server.js');
      return createConcourse(settings, problems);
    },
  },
  taskcluster: {
    howToName: 'give --worker-pool and set TASKCLUSTER_ROOT_URL, both of them',
    unnamed: 'workers whose droplets are gone stay listed, until a cleanup that is given both',
    isHalfNamed: (inputs) =>
      flag(inputs, 'worker-pool') !== undefined ||
      (inputs.environment.TASKCLUSTER_ROOT_URL ?? '') !== '',
    async readSettings(inputs) {
      const {readTaskclusterSettings} = await import('./taskcluster/settings.js');
      return readTaskclusterSettings(inputs);
    },
    async connect(settings, problems) {
      const {createTaskcluster} = await import('./taskcluster/ci-server.js');
      return createTaskcluster(settings, problems);
    },
  },
};

export const kinds = Object.keys(implementations) as Kind[];

export const defaultKind: Kind = 'concourse';

/** What is wrong when the inputs name no server of this kind. */
export function noCiServer(kind: Kind): string {
  return `No CI server: ${implementations[kind].howToName}`;
}

/**
 * What not naming a CI server of this kind means for its workers; undefined when half of its name is a mistake. With a
 * CI id it is none: who gives one does without the server.
 */
export function withoutCiServer(kind: Kind, inputs: Inputs): string | undefined {
  const {unnamed, isHalfNamed} = implementations[kind];
  const isMistake = isHalfNamed(inputs) && flag(inputs, 'ci-id') === undefined;
  return isMistake ? undefined : `${noCiServer(kind)}; ${unnamed}`;
}

/** What the inputs say of the CI server of this kind. */
export async function readCiSettings<K extends Kind>(
  kind: K,
  inputs: Inputs,
): Promise<CiSettings<K> | undefined> {
  const settings = await implementations[kind].readSettings(inputs);
  // That a kind and its own settings make such a pair, the compiler cannot tell of any kind.
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions
  return settings && ({kind, settings} as CiSettings<K>);
}

/** The CI server of these settings; what is wrong with them is added to `problems`. */
export async function connectCiServer<K extends Kind>(
  {kind, settings}: {kind: K; settings: SettingsByKind[K]},
  problems: string[],
): Promise<CiServer> {
  return implementations[kind].connect(settings, problems);
}
