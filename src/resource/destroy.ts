import {setTimeout as delay} from 'node:timers/promises';
import {allChecks} from '../errors.js';
import {destroyWorkers, type Destroyed} from '../workers/destroy.js';
import {hasGpus} from '../workers/gpus.js';
import {lagPollSeconds, lagSeconds} from '../workers/poll.js';
import {selectRun} from '../workers/select.js';
import {linked} from '../workers/worker.js';
import type {Step} from './step.js';

type Gone = Pick<Destroyed, 'workers' | 'removed'>;

/**
 * Destroys this build's workers, and nothing of another build: those of one name, or without a name all of them.
 * A create that was killed a moment ago may have droplets that no list shows yet, so it looks until one look finds no
 * more, and when nothing is found at all, for as long as lists may lag.
 */
export async function destroyForBuild(step: Step): Promise<Gone> {
  const {progress, signal, time} = step.context;
  let gone: Gone = {workers: [], removed: null};
  let waited = 0;
  for (;;) {
    const found = await destroyOnce(step);
    gone = together([gone, found]);
    if (found.workers.length === 0 && (gone.workers.length > 0 || waited >= lagSeconds)) {
      break;
    }

    if (gone.workers.length > 0) {
      continue;
    }

    if (waited === 0) {
      progress.note(
        `No droplet of this build is listed; looking again for ${lagSeconds} s (a put without action create destroys)`,
      );
    }

    await delay(lagPollSeconds * time.secondMs, undefined, {signal});
    waited += lagPollSeconds;
  }

  await tellOfOthers(step);
  return gone;
}

/** Those of all names side by side, so that one which fails keeps no other, and all drain at the same time. */
async function destroyOnce(step: Step): Promise<Gone> {
  const {request, build, ciId, context, problems} = step;
  const {source, params} = request;
  const sizes = [source.size ?? '', ...(source.sizes ?? [])];
  const names = await namesOf(step);
  const destroyed = await allChecks(
    names.map(async (workerName) =>
      destroyWorkers(
        {
          workerName,
          runKey: build.runKey,
          ciId,
          withGpus: hasGpus(...sizes),
          drainSeconds: params.drainSeconds ?? 0,
          dryRun: false,
        },
        context,
        problems,
      ),
    ),
  );
  return together(destroyed);
}

function together(all: Gone[]): Gone {
  const removed = all.map((each) => each.removed).filter((each) => each !== null);
  return {
    workers: all.flatMap(({workers}) => workers),
    removed: removed.length === 0 ? null : removed.flat(),
  };
}

/** A create with a name and a destroy without one must not part for ever. */
async function namesOf(step: Step): Promise<string[]> {
  const {request, workerName, problems} = step;
  if (request.params.workerName !== undefined || problems.length > 0) {
    return [workerName];
  }

  const own = await workersOfBuild(step);
  return [...new Set([workerName.toLowerCase(), ...own.map(({identity}) => identity.workerName)])];
}

async function tellOfOthers(step: Step): Promise<void> {
  const others = await workersOfBuild(step);
  if (others.length > 0) {
    step.context.progress.note(
      `This build's other workers are still there: ${others
        .map(({droplet}) => linked(droplet))
        .join(', ')}`,
    );
  }
}

async function workersOfBuild({build, ciId, context}: Step) {
  return selectRun({runKey: build.runKey!, ciId}, context);
}
