import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import {adviceOn, createFailed, incomplete, stillBilled, timedOut} from './create-failed.js';
import type {Leftover} from './delete.js';
import {Fleet} from './fleet.js';
import {hasGpus} from './gpus.js';
import {makeDroplets} from './make-droplets.js';
import {planWorkers, type CreateRequest, type Plan} from './plan.js';
import type {Ledger} from './post-droplets.js';
import {isAskedFor, preflight, type Preflight} from './preflight.js';
import {destroyCommand} from './suggested.js';
import {createTimeline, type Seconds} from './timeline.js';
import {forgetUnmade, undoCreate, undoSignal, undoYielded} from './undo.js';
import {defaultPace, waitUntilRegistered, type Pace} from './wait.js';
import {describeWorker, linked, totalOf, type Worker} from './worker.js';
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
    const cause = isTimeout ? timedOut(plan, ci!.advice) : error;
    if (cause instanceof ActionableError && !context.signal.aborted && isEnough(plan, work)) {
      return settleForLess(plan, ci!, {work, cause}, context);
    }

    throw await undone(plan, ci!, {work, cause}, context);
  }
}

function isEnough({count, min}: Plan, {fleet}: Work): boolean {
  return min < count && fleet !== undefined && fleet.registered.size >= min;
}

/** A part of a fleet is success when it is as many as asked for at least; the rest is destroyed. */
async function settleForLess(
  plan: Plan,
  ci: CiServer,
  {work, cause}: {work: Work; cause: ActionableError},
  context: Context,
): Promise<Created> {
  const {ledger, fleet} = work;
  const rest = ledger.created.filter(({name}) => !fleet!.registered.has(name));
  context.progress.note(
    `${fleet!.registered.size} of ${plan.count} workers registered, which is enough; destroying the rest. ${cause.message}`,
  );
  const prepared = ledger.prepared.filter((name) => !fleet!.registered.has(name));
  const restLedger = {...ledger, prepared, created: rest};
  const leftovers = await undoCreate(restLedger, plan, ci, context);
  leftovers.push(...unregistered(plan, work));
  if (leftovers.length > 0) {
    context.progress.note([stillBilled(leftovers), ...adviceOn(leftovers)].join('\n'));
  }

  fleet!.keepRegistered();
  return {...describe(plan, work, context), leftovers};
}

/** Adopted droplets are another call's to destroy. */
function unregistered({workerName, runKey, kind}: Plan, {checked, fleet}: Work): Leftover[] {
  return checked!.adopted
    .filter(({droplet: {name}}) => fleet!.droplets.has(name) && !fleet!.registered.has(name))
    .map(({droplet: {id, name}}) => ({
      id,
      name,
      reason: 'made by an earlier call of the same run, and not registered',
      suggestions: [`Ends the whole run: ${destroyCommand({workerName, runKey, kind})}`],
    }));
}

/** The error to throw, after what was made is destroyed again. */
async function undone(
  plan: Plan,
  ci: CiServer,
  {work, cause}: {work: Work; cause: unknown},
  context: Context,
): Promise<unknown> {
  const {ledger, fleet, checked, timeline} = work;
  const phase = timeline.current();
  const unclear = [...ledger.uncertain].map((name) => ({
    name,
    id: null,
    reason: 'its POST got no clear answer',
    suggestions: [],
  }));
  let leftovers: Leftover[] = unclear;
  const isSomethingMade = ledger.created.length + ledger.uncertain.size > 0;
  if (isSomethingMade && !plan.keepOnFailure) {
    context.progress.phase(
      'undo',
      `Destroying what was made (interrupted once more, it stays and is billed). ${(cause as Error).message}`,
    );
    // Concourse kills an aborted step after ten seconds: then this is the last that is told.
    const made = [...ledger.created.map((droplet) => linked(droplet)), ...ledger.uncertain];
    context.progress.note(made.join(', '));
    leftovers = await undoCreate(ledger, plan, ci, context);
  } else {
    await forgetUnmade(ledger, ci, {
      ...context,
      signal: undoSignal(context.time, ledger.prepared.length),
    });
  }

  return createFailed({
    plan,
    phase,
    cause,
    seen: fleet?.describe() ?? [],
    ...(plan.keepOnFailure ? {kept: ledger.created} : {undone: ledger.created}),
    adopted: (checked?.adopted ?? []).map(({droplet}) => droplet),
    leftovers,
  });
}

type Work = {
  ledger: Ledger;
  pace: Pace;
  timeline: ReturnType<typeof createTimeline>;
  /** Known once droplets are there. */
  checked?: Preflight;
  fleet?: Fleet;
};

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
  const {name, size_slug: size, region} = droplet;
  const remark = isAskedFor(droplet, plan) ? '' : ', which is not what is asked for';
  return `${name} (${size} in ${region.slug}${remark})`;
}

function describe(
  plan: Plan,
  {checked, fleet, timeline}: Work,
  {digitalOcean, time}: Pick<Context, 'digitalOcean' | 'time'>,
): Created {
  const {placements, adopted} = checked!;
  const now = digitalOcean.time ?? time.now();
  const workers = [...fleet!.droplets.values()].map((droplet) => {
    const owned = {droplet, identity: identify(droplet)!};
    const priceHourly = placements.find(({size}) => size === droplet.size_slug)?.priceHourly;
    return describeWorker(owned, {now, priceHourly, workerState: fleet!.stateOf(droplet.name)});
  });
  return {
    run: plan.runKey,
    workers,
    adopted: adopted.map(({droplet}) => droplet.name),
    priceHourly: totalOf(workers.map((worker) => worker.priceHourly ?? 0)),
    worstCost: totalOf(workers.map((worker) => worker.worstCost ?? 0)),
    seconds: timeline.end(),
    leftovers: [],
  };
}
