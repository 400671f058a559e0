import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import {createFailed, timedOut} from './create-failed.js';
import {makeDroplets, type Ledger} from './make-droplets.js';
import {newDropletNames, planWorkers, type CreateRequest, type Plan} from './plan.js';
import {preflight, type Preflight} from './preflight.js';
import {createTimeline, type Seconds} from './timeline.js';
import {undoCreate} from './undo.js';
import {Sightings, defaultPace, waitUntilRegistered, type Pace} from './wait.js';
import {describeWorker, worstCost, type Worker} from './worker.js';
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
  const deadline = AbortSignal.timeout(request.timeoutSeconds * time.secondMs);
  const signal = AbortSignal.any([context.signal, deadline]);
  const timeline = createTimeline(context);
  const inTime = {...context, signal, progress: timeline.progress};
  const ledger: Ledger = {created: [], uncertain: new Set()};
  const sightings = new Sightings();

  timeline.progress.phase(
    'plan',
    `Planning ${request.count} worker(s) named ${request.workerName}`,
  );
  const plan = await planWorkers(request, ci, problems);
  try {
    return await create(plan, ci!, {ledger, sightings, pace, timeline}, inTime);
  } catch (error) {
    const cause =
      deadline.aborted && !context.signal.aborted ? timedOut(plan.timeoutSeconds) : error;
    const failure = {plan, phase: timeline.current(), seen: sightings.describe(), cause};
    const nothingMade = ledger.created.length === 0 && ledger.uncertain.size === 0;
    if (nothingMade || plan.keepOnFailure) {
      throw createFailed({...failure, kept: ledger.created, leftovers: []});
    }

    context.progress.phase('undo', `Destroying what was made: ${(error as Error).message}`);
    const undone = ledger.created;
    const leftovers = await undoCreate(ledger, plan.workerName, ci!, context);
    throw createFailed({...failure, undone, leftovers});
  }
}

/** What a create would do. */
export type Rehearsal = {
  dryRun: true;
  run: string;
  /** How many droplets would be made, besides those adopted. */
  count: number;
  adopted: string[];
  region: string;
  size: string;
  priceHourly: number;
  worstCost: number | null;
};

/** Plans and checks as `createWorkers` does, and writes nothing. */
export async function rehearseCreate(
  request: CreateRequest,
  context: Context,
  problems: string[] = [],
): Promise<Rehearsal> {
  const {ci, progress} = context;
  progress.phase('plan', `Planning ${request.count} worker(s) named ${request.workerName}`);
  const plan = await planWorkers(request, ci, problems);
  progress.phase('preflight', 'Checking the accounts, the keys and the CI server');
  const {adopted, placements} = await preflight(plan, ci!, context);
  const {region, size, priceHourly} = placements[0]!;
  const count = plan.count - adopted.length;
  return {
    dryRun: true,
    run: plan.runKey,
    count,
    adopted: adopted.map(({droplet}) => droplet.name),
    region,
    size,
    priceHourly: sum([count * priceHourly]),
    worstCost: worstCost(count * priceHourly, plan.ttlSeconds),
  };
}

type Work = {
  ledger: Ledger;
  sightings: Sightings;
  pace: Pace;
  timeline: ReturnType<typeof createTimeline>;
};

async function create(
  plan: Plan,
  ci: CiServer,
  {ledger, sightings, pace, timeline}: Work,
  context: Context,
): Promise<Created> {
  const {progress, signal, time} = context;
  progress.phase('preflight', 'Checking the accounts, the keys and the CI server');
  const checked = await preflight(plan, ci, context);
  const adopted = checked.adopted.map(({droplet}) => droplet);
  if (adopted.length > 0) {
    progress.note(`Adopting ${adopted.map(({name}) => name).join(', ')} of the same run`);
  }

  const missing = plan.count - adopted.length;
  if (missing > 0) {
    const {region, size, priceHourly} = checked.placements[0]!;
    progress.phase(
      'create',
      `Creating ${missing} droplet(s): ${size} in ${region}, $${priceHourly} an hour each`,
    );
    const bootstraps = await ci.prepare(newDropletNames(plan, missing), plan.workerRequest, signal);
    await makeDroplets(bootstraps, {plan, ci, ...checked}, ledger, context);
  }

  sightings.expect([...adopted, ...ledger.created]);
  await waitUntilRegistered(sightings, {request: plan.workerRequest, ci, pace}, context);
  const seconds = timeline.end();
  return describe(plan, {checked, sightings, seconds, now: time.now()});
}

function describe(
  plan: Plan,
  {
    checked,
    sightings,
    seconds,
    now,
  }: {checked: Preflight; sightings: Sightings; seconds: Seconds; now: number},
): Created {
  const workers = [...sightings.droplets.values()].map((droplet) => {
    const priceHourly = checked.placements.find(
      ({size}) => size === droplet.size_slug,
    )?.priceHourly;
    const owned = {droplet, identity: identify(droplet)!};
    return describeWorker(owned, {
      now,
      priceHourly,
      workerState: sightings.workers.get(droplet.name) ?? null,
    });
  });
  return {
    run: plan.runKey,
    workers,
    adopted: checked.adopted.map(({droplet}) => droplet.name),
    priceHourly: sum(workers.map((worker) => worker.priceHourly ?? 0)),
    worstCost: sum(workers.map((worker) => worker.worstCost ?? 0)),
    seconds,
  };
}

function sum(amounts: number[]): number {
  return Math.round(amounts.reduce((total, amount) => total + amount, 0) * 100_000) / 100_000;
}
