import {readFile} from 'node:fs/promises';
import {UsageError} from './errors.js';

/** Where settings come from: flags (with their environment variables and defaults), the environment, files. */
export type Inputs = {
  flags: Readonly<Record<string, unknown>>;
  environment: Readonly<Record<string, string | undefined>>;
  problems: string[];
};

/** The text of a flag; undefined when it was not given, is empty or is no text. */
export function flag(inputs: Inputs, name: string): string | undefined {
  const value = inputs.flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Waits for something read from input; what is wrong with it is added to `problems` instead of thrown. */
export async function orProblems<T>(
  reading: Promise<T>,
  problems: string[],
): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof UsageError) {
      problems.push(...error.problems);
      return undefined;
    }

    throw error;
  }
}

/**
 * A URL with a password in it is neither used nor repeated: URLs are shown in errors and logs. Paths are added to it,
 * so it ends with its own; and others read it as it is, who are not as lenient as `URL`.
 */
export function urlProblem(what: string, url: string): string | undefined {
  if (!URL.canParse(url) || !/^https?:[^\s"<>\\^`\{\|\}]+$/v.test(url)) {
    const shown = /[?@#\s]/v.test(url) ? '' : ` (${url})`;
    return `${what} is not an http or https URL${shown}`;
  }

  if (/[?#]/v.test(url)) {
    return `${what} has a query or a fragment in it: leave it out`;
  }

  const {username, password} = new URL(url);
  return username === '' && password === ''
    ? undefined
    : `${what} has a user name or password in it: set them in the environment instead`;
}

/** The text of the file that a flag names; a file that cannot be read is a problem. */
export async function flagFile(inputs: Inputs, name: string): Promise<string | undefined> {
  const file = flag(inputs, name);
  return file === undefined ? undefined : readText(file, `--${name}`, inputs.problems);
}

/** The PEM text of the file that --ca-cert names; one without a certificate is a problem. */
export async function readCaCert(inputs: Inputs): Promise<string | undefined> {
  const pem = await flagFile(inputs, 'ca-cert');
  if (pem !== undefined && certificatesIn(pem).length === 0) {
    inputs.problems.push(`--ca-cert names a file without ${certificate}`);
  }

  return pem;
}

/** What a text that names an authority has to hold. */
export const certificate = 'a certificate in PEM (-----BEGIN CERTIFICATE-----)';

/** The certificates in a PEM text, and nothing else that is in it, such as a key. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\w\s+\/=]+-----END CERTIFICATE-----/gv) ?? [];
}

/** A secret from the environment variable, or from the file that `<NAME>_FILE` names; never from a flag. */
export async function secretVariable(inputs: Inputs, name: string): Promise<string | undefined> {
  const value = inputs.environment[name];
  if (value !== undefined && value !== '') {
    return value;
  }

  const file = inputs.environment[`${name}_FILE`];
  const text =
    file === undefined || file === ''
      ? undefined
      : await readText(file, `${name}_FILE`, inputs.problems);
  return text?.trim() === '' ? undefined : text?.trim();
}

/** Whether variables that are of use only together are set; that just one of them is, is a problem. */
export function setTogether(
  {problems}: Inputs,
  variables: Readonly<Record<string, string | undefined>>,
): boolean {
  const names = Object.keys(variables);
  const missing = names.filter((name) => variables[name] === undefined);
  const set = names.filter((name) => variables[name] !== undefined);
  // A file that cannot be read has been told of.
  const untold = missing.filter((name) =>
    problems.every((problem) => !problem.startsWith(`${name}_FILE`)),
  );
  if (set.length > 0) {
    problems.push(
      ...untold.map((name) => `${name} (or ${name}_FILE) is not set, but ${set.join(', ')} is`),
    );
  }

  return missing.length === 0;
}

async function readText(
  file: string,
  what: string,
  problems: string[],
): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    problems.push(`${what}: cannot read ${shownPath(file)} (${fileProblem(error)})`);
    return undefined;
  }
}

/** The path of a file, but for one that is no path: the secret itself, given where its file was meant. */
function shownPath(file: string): string {
  const isPath =
    file.length < 200 &&
    !/[\n\r]|BEGIN |^do[opr]_v1_|^[0-9a-f]{64}$/v.test(file) &&
    file.includes('/');
  const isName = /^[\w\-.]{1,60}\.(?:crt|key|pem|pub|txt|ya?ml)$/v.test(file);
  return isPath || isName ? file : 'the file it names: does it hold the secret itself?';
}

/** A system error in words. */
export function fileProblem(error: unknown): string {
  const {code = 'unknown error'} = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'it is a folder',
    ENOTDIR: 'no such folder',
    EACCES: 'no permission',
  };
  return words[code] ?? code;
}
