import {UsageError} from '../errors.js';
import {createdMetadata, idleMetadata, workersIn, writeFiles, type Answer} from './answer.js';
import {createForBuild} from './create.js';
import {readRequest, rejectCreateOnly, type Params, type Version} from './request.js';
import {act, type Edge} from './step.js';

/**
 * `in`: provisions when its own params ask for it. Without them, as after each put, it only writes the files that the
 * version tells of, whatever version that is: a get that Concourse runs by itself must never cost money.
 */
export async function runIn(input: string, directory: string, edge: Edge): Promise<Answer> {
  const problems: string[] = [];
  const request = readRequest(input, problems);
  const {params, version} = request;
  const isCreate = asksForWorkers(params, problems);
  // A version that a put of this very build gave: this is the get after it, whatever its params.
  const {BUILD_ID: build} = edge.environment;
  const isImplicit = version.build !== undefined && version.build === build;
  if (!isCreate || isImplicit) {
    if (problems.length > 0) {
      throw new UsageError(problems);
    }

    return show(version, directory);
  }

  // A directory that cannot be written to must not be found when the worker is there, and billed.
  await writeFiles(directory, [], '');
  return act(request, problems, edge, async (step) => {
    const created = await createForBuild(step);
    await writeFiles(directory, created.workers, step.workerName);
    return {version, metadata: createdMetadata(created)};
  });
}

function asksForWorkers(parameters: Params, problems: string[]): boolean {
  const {workerName, action, dontDestroy, drainSeconds} = parameters;
  if (action === 'destroy') {
    problems.push('params: action destroy belongs to a put');
  }

  if (drainSeconds !== undefined) {
    problems.push('params: drain belongs to a put that destroys');
  }

  const isCreate =
    action === 'create' || (action === undefined && workerName !== undefined && !dontDestroy);
  if (action === undefined && workerName === undefined && !dontDestroy) {
    rejectCreateOnly(parameters, problems);
  }

  return isCreate;
}

async function show(version: Version, directory: string): Promise<Answer> {
  const workers = workersIn(version);
  await writeFiles(directory, workers, version.tag ?? '');
  const status = {create: 'registered', destroy: 'destroyed'}[version.action ?? ''] ?? 'nothing';
  return {version, metadata: idleMetadata(status, workers)};
}
