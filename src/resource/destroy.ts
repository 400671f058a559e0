import {setTimeout as delay} from 'node:timers/promises';
import {ActionableError} from '../errors.js';
import {destroyWorkers, type Destroyed} from '../workers/destroy.js';
import {selectRun} from '../workers/select.js';
import type {Step} from './step.js';

/** A create that was killed a moment ago may have droplets that no list shows yet. */
const lookSeconds = 20;
const lookEverySeconds = 5;

/** Destroys this build's workers, and nothing of another build. */
export async function destroyForBuild(step: Step): Promise<Destroyed> {
  const {request, build, workerName, ciId, context, problems} = step;
  const {progress, signal, time} = context;
  const destroy = {
    workerName,
    runKey: build.runKey,
    ciId,
    drainSeconds: request.params.drainSeconds ?? 0,
    dryRun: false,
  };
  let destroyed = await destroyWorkers(destroy, context, problems);
  for (
    let waited = 0;
    waited < lookSeconds && destroyed.workers.length === 0;
    waited += lookEverySeconds
  ) {
    if (waited === 0) {
      progress.note(
        `No droplet of this build is listed; looking again for ${lookSeconds} s (a put without action create destroys)`,
      );
    }

    await delay(lookEverySeconds * time.secondMs, undefined, {signal});
    destroyed = await destroyWorkers(destroy, context);
  }

  if (destroyed.workers.length === 0 && request.params.workerName === undefined) {
    await checkOtherNames(step);
  }

  return destroyed;
}

/** A create with a name and a destroy without one would part for ever. */
async function checkOtherNames({build, workerName, ciId, context}: Step): Promise<void> {
  const others = await selectRun({runKey: build.runKey!, ciId}, context);
  if (others.length === 0) {
    return;
  }

  const names = [...new Set(others.map(({identity}) => identity.workerName))];
  throw new ActionableError(
    'OTHER_NAME',
    `Nothing was destroyed: this build has no worker named ${workerName}, but ${others
      .map(({droplet: {name, id}}) => `${name} (https://cloud.digitalocean.com/droplets/${id})`)
      .join(', ')}`,
    [`Give params.worker_name: ${names.join(', ')}, as where it was created`],
  );
}
