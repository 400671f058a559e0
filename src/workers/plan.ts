import type {CiServer, Kind, WorkerRequest} from '../ci-server.js';
import {renderUserData} from '../cloud-init/render.js';
import type {Template} from '../cloud-init/template.js';
import {UsageError} from '../errors.js';
import {longestDropletName, longestRunKey, newDropletName, newRunKey} from './identity.js';

/** Workers as a person or a pipeline asks for them. */
export type CreateRequest = {
  workerName: string;
  /** Random when not given. */
  runKey?: string | undefined;
  count: number;
  /** How many are enough when not all can be had; default: all. */
  min?: number | undefined;
  /** Tried in order, all sizes in one region before the next. */
  regions: string[];
  sizes: string[];
  image: string | number;
  /** Ids or MD5 fingerprints of keys in the account. */
  sshKeys: Array<string | number>;
  /** Added to the account when it is not there. */
  dropletKey?: {publicKeyLine: string; md5Fingerprint: string} | undefined;
  vpc?: string | undefined;
  ttlSeconds: number;
  timeoutSeconds: number;
  tags: string[];
  variables: Record<string, string>;
  template: Template;
  ciId?: string | undefined;
  keepOnFailure: boolean;
  /** Droplets of the same run whose size or region is none of those asked for are an error; default: they are adopted. */
  refusesOthers?: boolean | undefined;
};

/** A request that has passed every check that needs no network. */
export type Plan = Omit<CreateRequest, 'runKey' | 'min'> & {
  kind: Kind;
  ci: CiServer;
  min: number;
  runKey: string;
  /** A random run key is nobody else's: there is nothing to adopt. */
  isRunKeyGiven: boolean;
  workerRequest: WorkerRequest;
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iv;
const fingerprint = /^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/iv;
const slug = /^[a-z0-9.\-]+$/v;

/**
 * Checks all that can be known without a request; throws one error with every problem, those given included. Why there
 * is no CI server is one of them.
 */
export async function planWorkers(
  request: CreateRequest,
  ci: CiServer | undefined,
  found: string[],
): Promise<Plan> {
  const {workerName, count, min = count} = request;
  const runKey = (request.runKey ?? newRunKey()).toLowerCase();
  const workerRequest = workerRequestOf(request);
  const problems = [
    ...found,
    ...nameProblems(workerName, request.runKey ?? runKey, ci?.maxNameLength),
    ...numberProblems(request),
    ...placeProblems(request),
  ];
  if (ci !== undefined) {
    const values = ci.plan(workerRequest, problems, {isAsked: true});
    // Values that are missing have been named above; the template would only repeat it.
    if (problems.length === 0) {
      problems.push(...(await templateProblems(request.template, values)));
    }
  }

  if (ci === undefined || problems.length > 0) {
    throw new UsageError(problems);
  }

  const {kind} = ci;
  const isRunKeyGiven = request.runKey !== undefined;
  return {...request, kind, ci, min, runKey, isRunKeyGiven, workerRequest};
}

/** What the CI server is to know of a request. */
export function workerRequestOf({
  workerName,
  tags,
  ttlSeconds,
  regions,
  sshKeys,
  dropletKey,
  variables,
}: CreateRequest): WorkerRequest {
  return {
    workerName,
    tags,
    ttlSeconds,
    regions,
    hasSshKey: sshKeys.length > 0 || dropletKey !== undefined,
    variables,
  };
}

function numberProblems({count, min = count, ttlSeconds, timeoutSeconds}: CreateRequest): string[] {
  const problems: string[] = [];
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000) {
    problems.push(`Count ${count} is not a number from 1 to 1000`);
  }

  if (min !== count && (!Number.isSafeInteger(min) || min < 1 || min > count)) {
    problems.push(`A minimum of ${min} is not a number from 1 to the count`);
  }

  for (const [what, seconds, most] of [
    ['A ttl', ttlSeconds, 30 * 86_400],
    ['A time-out', timeoutSeconds, 86_400],
  ] as const) {
    if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > most) {
      problems.push(`${what} of ${seconds} s is not between 1 s and ${most / 86_400} day(s)`);
    }
  }

  if (ttlSeconds <= timeoutSeconds) {
    problems.push(
      `A ttl of ${ttlSeconds} s ends before the time-out of ${timeoutSeconds} s: give a longer --ttl or a shorter --timeout`,
    );
  }

  return problems;
}

/** What is wrong with where the droplets may be and who gets in. */
export function placeProblems({
  regions,
  sizes,
  sshKeys,
  vpc,
}: Pick<CreateRequest, 'regions' | 'sizes' | 'sshKeys' | 'vpc'>): string[] {
  const problems: string[] = [];
  for (const [what, values] of [
    ['region', regions],
    ['size', sizes],
  ] as const) {
    const bad = values.filter((value) => !slug.test(value));
    if (values.length === 0 || bad.length > 0) {
      problems.push(
        `No ${what} is spelled ${bad.map((value) => JSON.stringify(value)).join(', ') || '""'}`,
      );
    }
  }

  for (const key of sshKeys) {
    if (typeof key === 'number' || fingerprint.test(key)) {
      continue;
    }

    // The key itself may be given, even its private half.
    const shown = /^[\w.:\-]{1,60}$/v.test(key) ? ` ${JSON.stringify(key)}` : '';
    problems.push(`SSH key${shown} is neither a key id nor an MD5 fingerprint (aa:bb:…)`);
  }

  if (vpc !== undefined && !uuid.test(vpc)) {
    problems.push(`VPC ${JSON.stringify(vpc)} is not a UUID`);
  }

  return problems;
}

/** Fresh names for `count` droplets, no two alike. */
export function newDropletNames({workerName, runKey, ci}: Plan, count: number): string[] {
  const names = new Set<string>();
  while (names.size < count) {
    names.add(newDropletName(workerName, runKey, ci.maxNameLength));
  }

  return [...names];
}

/** What is wrong with a worker name (and a run key), as every command checks it. */
export function nameProblems(
  workerName: string,
  runKey: string | undefined,
  longest = longestDropletName,
): string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$/iv.test(workerName)) {
    problems.push(
      `Worker name ${JSON.stringify(workerName)} is not a host name label: use letters, digits and inner hyphens, at most 63`,
    );
  }

  if (runKey !== undefined && !/^[a-z0-9]+$/iv.test(runKey)) {
    problems.push(`Run key ${JSON.stringify(runKey)} has more than letters and digits`);
  }

  const excess = (runKey?.length ?? 0) - longestRunKey(workerName, longest);
  if (excess > 0) {
    problems.push(
      `Run key ${JSON.stringify(runKey)} is ${excess} characters too long: the droplet name <name>-<run>-<8 characters> has at most ${longest}`,
    );
  }

  return problems;
}

async function templateProblems(
  template: Template,
  values: Record<string, unknown>,
): Promise<string[]> {
  try {
    await renderUserData(template, values);
    return [];
  } catch (error) {
    if (error instanceof UsageError) {
      return error.problems;
    }

    throw error;
  }
}
