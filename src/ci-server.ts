import type {ConcourseSettings} from './concourse/ci-server.js';
import type {Inputs} from './settings.js';

/** Workers as asked for, whatever the CI server. */
export type WorkerRequest = {
  /** In the user's spelling. */
  workerName: string;
  /** More tags than the worker's name, where the CI server knows tags. */
  tags: string[];
  ttlSeconds: number;
  /** An SSH key goes onto the droplet, so port 22 stays open. */
  hasSshKey: boolean;
  /** For templates of one's own. */
  variables: Record<string, string>;
};

/** One user-data document and the droplets that may share it. */
export type Bootstrap = {names: string[]; values: Record<string, unknown>};

/** A worker as the CI server lists it. */
export type CiWorker = {
  name: string;
  /** The CI server's own word, such as `running` or `stalled`. */
  state: string;
  tags: string[];
  /** What keeps it from taking the work asked for; undefined when nothing does. `createdAt` is its droplet's. */
  lacks(request: WorkerRequest, createdAt: Date): Lack | undefined;
};

/** Why a listed worker does not count as registered; `isFinal` when waiting cannot change it. */
export type Lack = {reason: string; isFinal: boolean};

/** What the core needs from a CI server. Removing what is gone already is success. */
export type CiServer = {
  readonly kind: Kind;
  readonly url: string;
  /** The template that its workers boot with, a file of `templates/` without its ending. */
  readonly template: string;
  readonly maxNameLength: number;
  /** The URL that the server gives as its own, else the one given. */
  externalUrl(signal?: AbortSignal): Promise<string>;
  /** Everything that can be known without a request: adds problems, gives values to try the template with. */
  plan(request: WorkerRequest, problems: string[]): Record<string, unknown>;
  /** Everything that can be known before it costs money; writes nothing. Gives a line to show. */
  preflight(request: WorkerRequest, signal: AbortSignal): Promise<string>;
  /** The template's values as `prepare` would give them, without making records. */
  preview(request: WorkerRequest, signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Makes the records that must exist before the droplets, and what these boot with. */
  prepare(names: string[], request: WorkerRequest, signal: AbortSignal): Promise<Bootstrap[]>;
  list(signal?: AbortSignal): Promise<CiWorker[]>;
  /** Lets running builds end and takes no new ones; the worker leaves the list when it is idle. */
  retire(names: string[], signal: AbortSignal): Promise<void>;
  /** Removes them from the list; gives those that are still listed. Their droplets are gone. */
  remove(names: string[], signal: AbortSignal): Promise<string[]>;
};

/** The settings of one CI server, as its own folder reads and understands them. */
export type CiSettings = {kind: 'concourse'; settings: ConcourseSettings};

export type Kind = CiSettings['kind'];

type Implementation = {
  /** Undefined when the inputs name no server of this kind. */
  readSettings(inputs: Inputs): Promise<CiSettings | undefined>;
  connect(settings: CiSettings['settings'], problems: string[]): Promise<CiServer>;
};

/** The table of kinds: a further CI server is one entry here. */
const implementations: Record<Kind, Implementation> = {
  concourse: {
    async readSettings(inputs) {
      const {readConcourseSettings} = await import('./concourse/settings.js');
      const settings = await readConcourseSettings(inputs);
      return settings && {kind: 'concourse', settings};
    },
    async connect(settings, problems) {
      const {createConcourse} = await import('./concourse/ci-server.js');
      return createConcourse(settings, problems);
    },
  },
};

export const kinds = Object.keys(implementations) as Kind[];

/** What the inputs say of the CI server of this kind. */
export async function readCiSettings(kind: Kind, inputs: Inputs): Promise<CiSettings | undefined> {
  return implementations[kind].readSettings(inputs);
}

/** The CI server of these settings; what is wrong with them is added to `problems`. */
export async function connectCiServer(
  {kind, settings}: CiSettings,
  problems: string[],
): Promise<CiServer> {
  return implementations[kind].connect(settings, problems);
}
