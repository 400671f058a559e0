import {
  connectCiServer,
  readCiSettings,
  type CiServer,
  type CiSettings,
  type Kind,
} from './ci-server.js';
import {DigitalOcean} from './digitalocean/client.js';
import {flag, secretVariable, urlProblem, type Inputs} from './settings.js';

/** Told of what goes on, for people: never part of the result. */
export type Progress = {
  /** A phase begins; the one before it has ended well. */
  phase(name: string, message: string): void;
  /** Something worth a line of its own. */
  note(message: string): void;
  /** Adds how far the phase under way has come. */
  update(message: string): void;
};

/** How time passes: `secondMs` real milliseconds a second, 1,000 but with an emulator whose time is scaled. */
export type Time = {readonly secondMs: number; now(): number};

/** What an operation may use; only `connect` builds a real one. */
export type Context = {
  digitalOcean: DigitalOcean;
  /** Only workers of this kind are meant, whether their CI server is named or not. */
  kind: Kind;
  /** Undefined when no CI server was named. */
  ci: CiServer | undefined;
  progress: Progress;
  signal: AbortSignal;
  time: Time;
};

export type Settings = {
  kind: Kind;
  digitalOcean: {url: string; token: string};
  ci: CiSettings | undefined;
};

const defaultUrl = 'https://api.digitalocean.com';

/** Settings from flags, environment and files; what is wrong with them is added to the inputs' problems. */
export async function readSettings(kind: Kind, inputs: Inputs): Promise<Settings> {
  const [digitalOcean, ci] = await Promise.all([
    readDigitalOcean(inputs),
    readCiSettings(kind, inputs),
  ]);
  return {kind, digitalOcean, ci};
}

/** The part of the settings that is for DigitalOcean. */
export async function readDigitalOcean(inputs: Inputs): Promise<Settings['digitalOcean']> {
  const token = await secretVariable(inputs, 'DIGITALOCEAN_ACCESS_TOKEN');
  const isTold = inputs.problems.some((problem) =>
    problem.startsWith('DIGITALOCEAN_ACCESS_TOKEN_FILE'),
  );
  if (token === undefined && !isTold) {
    inputs.problems.push(
      'No DigitalOcean token: set DIGITALOCEAN_ACCESS_TOKEN, or DIGITALOCEAN_ACCESS_TOKEN_FILE',
    );
  }

  const url = flag(inputs, 'digitalocean-url');
  return checkDigitalOcean({url, token}, inputs.problems);
}

/** Settings for DigitalOcean; what is wrong with them is added to `problems`. */
export function checkDigitalOcean(
  {url: given = defaultUrl, token = ''}: {url: string | undefined; token: string | undefined},
  problems: string[],
): Settings['digitalOcean'] {
  if (/[^\u{21}-\u{7E}]/v.test(token)) {
    problems.push('The DigitalOcean token has a space or another character that no token has');
  }

  const url = given.replace(/(?:\/v2)?\/*$/v, '');
  const problem = urlProblem('The DigitalOcean URL', url);
  if (problem !== undefined) {
    problems.push(problem);
  }

  return {url, token};
}

/** Builds the real clients. */
export async function connect(
  {kind, digitalOcean, ci}: Settings,
  {progress, signal, problems}: Pick<Context, 'progress' | 'signal'> & {problems: string[]},
): Promise<Context> {
  const url = URL.canParse(digitalOcean.url) ? digitalOcean.url : defaultUrl;
  return {
    digitalOcean: new DigitalOcean({...digitalOcean, url}),
    kind,
    ci: ci && (await connectCiServer(ci, problems)),
    progress,
    signal,
    time: {secondMs: 1000, now: () => Date.now()},
  };
}

/** The process's environment; read here and nowhere else. */
export function processEnvironment(): Inputs['environment'] {
  return process.env;
}
