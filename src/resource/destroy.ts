import {setTimeout as delay} from 'node:timers/promises';
import {allChecks, survivable} from '../errors.js';
import {destroyWorkers, type Destroyed} from '../workers/destroy.js';
import {hasGpus} from '../workers/gpus.js';
import {lagPollSeconds, lagSeconds} from '../workers/poll.js';
import {selectRun} from '../workers/select.js';
import {linked, type Owned, type Worker} from '../workers/worker.js';
import type {Step} from './step.js';

type Gone = Pick<Destroyed, 'workers' | 'removed'>;

/**
 * Destroys this build's workers, and nothing of another build: those of one name, or without a name all of them.
 * A create that was killed a moment ago may have droplets that no list shows yet, so it looks again until the youngest
 * one found, or when there is none this destroy itself, is older than lists may lag. A look asks DigitalOcean alone.
 */
export async function destroyForBuild(step: Step): Promise<Gone> {
  const {signal, time} = step.context;
  const tried: number[] = [];
  let gone: Gone = {workers: [], removed: null};
  let lookedAt = time.now();
  let until = lookedAt + lagSeconds * 1000;
  let names = await firstNames(step);
  for (let isFirst = true; ; isFirst = false) {
    const found = await destroyNamed(names, step);
    const fresh = newIn(found, gone);
    gone = together([gone, {...found, workers: fresh}]);
    tried.push(...fresh.map(({id}) => id));
    if (fresh.length > 0) {
      until = lookedAt + (lagSeconds - youngest(fresh)) * 1000;
    }

    const mayLag = lookedAt < until;
    if (mayLag) {
      if (isFirst || fresh.length > 0) {
        tellOfWait(fresh, step);
      }

      await delay(lagPollSeconds * time.secondMs, undefined, {signal});
    }

    lookedAt = time.now();
    const listed = await look(step, {isNeeded: mayLag});
    const meant = listed.filter((each) => isMeant(each, step));
    if (!(lookedAt < until) && meant.every(({droplet}) => tried.includes(droplet.id))) {
      tellOfRest(listed, step);
      return gone;
    }

    names = namesIn(meant);
    tried.push(...meant.map(({droplet}) => droplet.id));
  }
}

/** Those of all names side by side, so that one which fails keeps no other, and all drain at the same time. */
async function destroyNamed(names: string[], step: Step): Promise<Gone> {
  const {request, build, ciId, context, problems} = step;
  const {source, params} = request;
  const sizes = [source.size ?? '', ...(source.sizes ?? [])];
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
    removed: removed.length === 0 ? null : [...new Set(removed.flat())],
  };
}

/** One that is still listed when it is gone is found again. */
function newIn(found: Gone, gone: Gone): Worker[] {
  return found.workers.filter(({id}) => gone.workers.every((worker) => worker.id !== id));
}

function youngest(workers: Worker[]): number {
  return Math.min(...workers.map(({ageSeconds}) => ageSeconds));
}

/** A create with a name and a destroy without one must not part for ever. */
async function firstNames(step: Step): Promise<string[]> {
  const {request, workerName, problems} = step;
  return request.params.workerName !== undefined || problems.length > 0
    ? [workerName]
    : [...new Set([workerName.toLowerCase(), ...namesIn(await workersOfBuild(step))])];
}

function namesIn(owned: Owned[]): string[] {
  return [...new Set(owned.map(({identity}) => identity.workerName))];
}

function isMeant({identity}: Owned, {request: {params}}: Step): boolean {
  return params.workerName === undefined || identity.workerName === params.workerName.toLowerCase();
}

/** This build's workers; none when a listing fails without which the destroy is whole. */
async function look(step: Step, {isNeeded}: {isNeeded: boolean}): Promise<Owned[]> {
  try {
    return await workersOfBuild(step);
  } catch (error) {
    if (isNeeded) {
      throw error;
    }

    survivable(error, step.context.signal);
    return [];
  }
}

async function workersOfBuild({build, ciId, context}: Step): Promise<Owned[]> {
  return selectRun({runKey: build.runKey!, ciId}, context);
}

function tellOfWait(found: Worker[], {context: {progress}}: Step): void {
  progress.note(
    found.length === 0
      ? `No droplet of this build is listed; looking again until ${lagSeconds} s have passed (a put without action create destroys)`
      : `The youngest droplet was ${youngest(found)} s old: looking for more until it would be ${lagSeconds} s, because lists lag`,
  );
}

function tellOfRest(listed: Owned[], step: Step): void {
  const {progress} = step.context;
  const links = (owned: Owned[]) => owned.map(({droplet}) => linked(droplet)).join(', ');
  const meant = listed.filter((each) => isMeant(each, step));
  const others = listed.filter((each) => !isMeant(each, step));
  if (meant.length > 0) {
    progress.note(`Listed still, so see whether they are gone: ${links(meant)}`);
  }

  if (others.length > 0) {
    progress.note(
      `This build's workers of other names, left to the steps that destroy those: ${links(others)}`,
    );
  }
}
