import {UsageError} from '../errors.js';
import {
  createdMetadata,
  destroyedMetadata,
  idleMetadata,
  versionOf,
  type Answer,
} from './answer.js';
import {createForBuild} from './create.js';
import {destroyForBuild} from './destroy.js';
import {readRequest, rejectCreateOnly} from './request.js';
import {act, type Edge} from './step.js';

/** `out`: creates or, by default, destroys this build's workers. Run twice in a build, it adopts what is there. */
export async function runOut(input: string, edge: Edge): Promise<Answer> {
  const problems: string[] = [];
  const request = readRequest(input, problems);
  const {action = 'destroy', dontDestroy, drainSeconds} = request.params;
  if (drainSeconds !== undefined && action === 'create') {
    problems.push('params: drain goes with action destroy only');
  }

  if (action === 'none' || (action === 'destroy' && dontDestroy)) {
    if (problems.length > 0) {
      throw new UsageError(problems);
    }

    const why = action === 'none' ? 'nothing to do: action none' : 'kept: dont_destroy';
    const build = edge.environment.BUILD_ID ?? '';
    return {version: versionOf('none', {build}), metadata: idleMetadata(why)};
  }

  if (action === 'destroy') {
    rejectCreateOnly(request.params, problems);
  }

  return act(request, problems, edge, async (step) => {
    const build = step.build.id;
    if (action === 'create') {
      const created = await createForBuild(step);
      return {
        version: versionOf('create', {build, tag: step.workerName, workers: created.workers}),
        metadata: createdMetadata(created),
      };
    }

    const destroyed = await destroyForBuild(step);
    return {version: versionOf('destroy', {build}), metadata: destroyedMetadata(destroyed)};
  });
}
