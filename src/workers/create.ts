import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import {incomplete, timedOut} from './create-failed.js';
import type {Leftover} from './delete.js';
import {Fleet} from './fleet.js';
import {hasGpus} from './gpus.js';
import {makeDroplets} from './make-droplets.js';
import {planWorkers, type CreateRequest, type Plan} from './plan.js';
import {isAskedFor, preflight} from './preflight.js';
import {adoptedIn, isEnough, settleForLess, undone, type Work} from './settle.js';
import {createTimeline, type Seconds} from './timeline.js';
import {undoSignal, undoYielded} from './undo.js';
import {defaultPace, waitUntilRegistered, type Pace} from './wait.js';
import {describeWorker, placeOf, totalOf, type Worker} from './worker.js';
import {identify} from './identity.js';

export type Created = {
  run: string;
  workers: Worker[];
  /** Names of those that an earlier call with the same run key had made. */
  adopted: string[];
  priceHourly: number;
  worstCost: number | null;
  /** How long each phase took. */
  seconds: Seconds;
  /** With a minimum: droplets that did not become workers and are, or may be, there and billed. */
  leftovers: Leftover[];
};

/**
 * Makes workers and waits until the CI server lists them: plan, preflight, create, active, booting, registered.
 * Whatever ends it early, what it made is destroyed again. `problems` are those found in the settings.
 */
export async function createWorkers(
  request: CreateRequest,
  context: Context,
  {problems = [], pace = defaultPace}: {problems?: string[]; pace?: Pace} = {},
): Promise<Created> {
  const {time, ci} = context;
  const timeline = createTimeline(context);
  timeline.progress.phase(
    'plan',
    `Planning ${request.count} worker(s) named ${request.workerName}`,
  );
  const plan = await planWorkers(request, ci, problems);

  // Not before: a time-out that the plan refuses may be more than a timer can hold.
  const deadline = AbortSignal.timeout(plan.timeoutSeconds * time.secondMs);
  const signal = AbortSignal.any([context.signal, deadline]);
  const inTime = {...context, signal, progress: timeline.progress};
  const work: Work = {ledger: {prepared: [], created: [], uncertain: new Set()}, pace, timeline};
  try {
    await create(plan, ci!, work, inTime);
    return describe(plan, work, context);
  } catch (error) {
    // Whichever came first is what ended it; the other may have come since.
    const isTimeout = signal.aborted && signal.reason === deadline.reason;
    let cause = isTimeout ? timedOut(plan, ci!.advice) : error;
    if (cause instanceof ActionableError && !context.signal.aborted && isEnough(plan, work)) {
      const leftovers = await settleForLess(plan, ci!, {work, cause}, context);
      if (!context.signal.aborted) {
        work.fleet!.keepRegistered();
        return {...describe(plan, work, context), leftovers};
      }

      cause = context.signal.reason;
    }

    throw await undone(plan, ci!, {work, cause}, context);
  }
}

async function create(plan: Plan, ci: CiServer, work: Work, context: Context): Promise<void> {
  const {ledger, pace} = work;
  const {progress} = context;
  progress.phase('preflight', 'Checking the accounts, the keys and the CI server');
  const checked = await preflight(plan, ci, context);
  work.checked = checked;
  const adopted = checked.adopted.map(({droplet}) => droplet);
  if (adopted.length > 0) {
    progress.note(
      `Adopting ${adopted.map((droplet) => describeAdopted(droplet, plan)).join(', ')} of the same run`,
    );
  }

  const {missing} = checked;
  if (missing > 0) {
    const {region, size, priceHourly} = checked.placements[0]!;
    progress.phase(
      'create',
      `Creating ${missing} droplet(s): ${size} in ${region}, $${priceHourly} an hour each`,
    );
    const wanted = {count: missing, min: plan.min - adopted.length};
    await makeDroplets(wanted, {...checked, plan, ci, ledger}, context);
  }

  const {ciId} = checked;
  const run = {kind: ci.kind, ciId, workerName: plan.workerName.toLowerCase(), runKey: plan.runKey};
  const fleet = new Fleet(plan, plan.isRunKeyGiven ? run : undefined, ci.advice);
  fleet.expect([...adopted, ...ledger.created]);
  work.fleet = fleet;
  const {workerRequest: request} = plan;
  await waitUntilRegistered(fleet, {request, ci, pace, withGpus: hasGpus(...plan.sizes)}, context);
  if (fleet.registered.size < fleet.droplets.size || fleet.droplets.size < plan.count) {
    throw incomplete(fleet.failures);
  }

  const yielded = ledger.created.filter(({name}) => !fleet.droplets.has(name));
  // The workers are there: what is left to do must not end with the create's time.
  await undoYielded(yielded, ci, {
    ...context,
    signal: undoSignal(context.time, yielded.length),
  });
}

function describeAdopted(droplet: Droplet, plan: Plan): string {
  const place = placeOf(droplet);
  const remark = isAskedFor(place, plan) ? '' : ', which is not what is asked for';
  return `${droplet.name} (${place.size} in ${place.region}${remark})`;
}

function describe(
  plan: Plan,
  work: Work,
  {digitalOcean, time}: Pick<Context, 'digitalOcean' | 'time'>,
): Created {
  const {checked, fleet, timeline} = work;
  const {placements} = checked!;
  const now = digitalOcean.time ?? time.now();
  const workers = [...fleet!.droplets.values()].map((droplet) => {
    const owned = {droplet, identity: identify(droplet)!};
    const priceHourly = placements.find(({size}) => size === droplet.size_slug)?.priceHourly;
    return describeWorker(owned, {now, priceHourly, workerState: fleet!.stateOf(droplet.name)});
  });
  return {
    run: plan.runKey,
    workers,
    adopted: adoptedIn(work).map(({name}) => name),
    priceHourly: totalOf(workers.map((worker) => worker.priceHourly ?? 0)),
    worstCost: totalOf(workers.map((worker) => worker.worstCost ?? 0)),
    seconds: timeline.end(),
    leftovers: [],
  };
}
