import type {Context, Settings} from '../context.js';
import {ActionableError, CombinedError, NoAnswer} from '../errors.js';
import type {Inputs} from '../settings.js';
import {ciIdOf} from '../workers/identity.js';
import {othersThere} from '../workers/preflight.js';
import {defaultWorkerName, lostInName, readBuild, type Build} from './build.js';
import type {ResourceRequest, Source} from './request.js';
import {settingsFor} from './settings.js';
import {inFieldNames} from './wording.js';

/** What a script gets from its edge. */
export type Edge = {
  environment: Inputs['environment'];
  /** Builds the real clients; what is wrong with the settings is added to `problems`. */
  connect(settings: Settings, problems: string[]): Promise<Context>;
};

/** A step that acts: its request, its build, and the workers that are meant. */
export type Step = {
  request: ResourceRequest;
  build: Build;
  workerName: string;
  ciId: string | undefined;
  context: Context;
  /** What was wrong so far: thrown with what else is found. */
  problems: string[];
};

/** Node's codes for an address that cannot be found or connected to. */
const noWay = /^E(?:AI_AGAIN|CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|TIMEDOUT)$/v;

/** Prepares a step that makes or destroys this build's workers, and words what fails for a pipeline's author. */
export async function act<T>(
  request: ResourceRequest,
  problems: string[],
  {environment, connect}: Edge,
  perform: (step: Step) => Promise<T>,
): Promise<T> {
  const {source, params} = request;
  const build = readBuild(environment, problems);
  const name = params.workerName ?? defaultWorkerName(build);
  // With a problem nothing is done under this name.
  const workerName = name ?? 'worker';
  if (name === undefined) {
    problems.push(
      'params: worker_name is missing: this build has no pipeline and job to name it by',
    );
  }

  const found: string[] = [];
  const context = await connect(settingsFor(source, build, problems), found);
  problems.push(...found.filter((problem) => !isOfMissing(problem, source)));
  if (params.workerName === undefined) {
    tellOfDefaultName(workerName, build, context);
  }

  const ciId = build.externalUrl === undefined ? undefined : ciIdOf(build.externalUrl);
  try {
    return await perform({request, build, workerName, ciId, context, problems});
  } catch (error) {
    throw error instanceof ActionableError ? explained(error, request) : error;
  }
}

/** What is missing has been told of, and that it is no key says nothing more. */
function isOfMissing(problem: string, {workerKey, tsaPublicKey}: Source): boolean {
  return (
    (workerKey === '' && problem.startsWith('The worker key')) ||
    (tsaPublicKey === '' && problem.startsWith('The TSA public key'))
  );
}

/** A tag that others share sends them to this build's workers. */
function tellOfDefaultName(name: string, build: Build, {progress}: Context): void {
  if (build.isInstanced) {
    progress.note(
      `All instances of this pipeline share the tag ${name}, the default worker_name: give one with an instance variable in it to keep them apart`,
    );
  }

  const lost = lostInName(build);
  if (lost !== undefined) {
    progress.note(
      `The default worker_name ${name} ${lost}, so that another job may have the same: give one of this job's own`,
    );
  }
}

function explained(error: ActionableError, {source}: ResourceRequest): ActionableError {
  const advice: string[] = [];
  const errors = error instanceof CombinedError ? error.errors : [error];
  if (errors.some((each) => isUnreachable(each)) && source.concourseUrl === undefined) {
    advice.push(
      'This container cannot reach ATC_EXTERNAL_URL: give a URL that it can in source.concourse_url',
    );
  }

  if (error.code === othersThere) {
    advice.push('Give each put of a build that makes workers of its own a worker_name of its own');
  }

  return inFieldNames(error, advice);
}

/** A Concourse whose certificate is refused, say, has been reached. */
function isUnreachable(error: ActionableError): boolean {
  return error instanceof NoAnswer && error.service === 'Concourse' && noWay.test(error.reason);
}
