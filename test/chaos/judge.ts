import type {Droplet} from '../../src/emulator/digitalocean/entities.js';
import {kinds} from '../../src/ci-server.js';
import {foreignWorkers, staleWorker} from './foreign.js';
import {keyOf} from './foreign-records.js';
import type {Operation, Plan} from './plan.js';
import {partsOf} from './truth.js';
import {described, type World} from './world.js';

type Done = {
  plan: Plan;
  label: string;
  operation: Operation;
  created: string[] | undefined;
  startedAt: number;
};

/** What must hold when an operation has said that it succeeded. */
export function judgeDone(world: World, done: Done): void {
  const {operation, label, startedAt} = done;
  const {truth, emulator} = world;
  const {violations} = truth;
  if (operation.kind === 'create') {
    judgeCreated(world, done, operation);
  }

  const {listLagMs, tagLagMs, clockSkewSeconds} = emulator.digitalOcean.settings;
  if (operation.kind !== 'destroy' || listLagMs > 0 || tagLagMs > 0) {
    return;
  }

  for (const droplet of truth.ours()) {
    const {workerName, runKey} = partsOf(droplet.name);
    const wasThere = droplet.createdAt - clockSkewSeconds * 1000 < startedAt;
    const isMeant =
      droplet.tags.has(`do-worker:kind:${operation.ci}`) &&
      workerName === operation.workerName.toLowerCase() &&
      (operation.runKey ?? runKey) === runKey;
    if (isMeant && wasThere && !droplet.isDestroying) {
      violations.push(`${label} succeeded, but ${droplet.name} is there`);
    }
  }
}

function judgeCreated(
  world: World,
  {plan, label, created = []}: Done,
  {count, min = count}: Extract<Operation, {kind: 'create'}>,
): void {
  const {truth} = world;
  const {violations} = truth;
  if (created.length < min || created.length > count) {
    violations.push(`${label} succeeded with ${created.length} workers`);
  }

  // One that hangs soon after it registered may have left the list again by the time the rest is destroyed, and one
  // whose ATC was down for long leaves it for a moment, until it registers again.
  const outages = new Set(plan.steps.map(({outage}) => outage?.of));
  const mayLeave =
    plan.switches.hangAfterMs !== undefined || outages.has('no ATC') || outages.has('no TSA');
  const deleted = deletedNames(world);
  for (const name of created) {
    if (!mayLeave && !truth.isRegistered(name) && !deleted.has(name)) {
      violations.push(`${label} succeeded, but ${name} is not registered`);
    }
  }
}

/** What must hold when a create has failed and named nothing that is left. */
export function judgeFailed({truth, askedBy}: World, label: string): void {
  const asked = askedBy(label);
  for (const {name, isDestroying} of truth.ours()) {
    if (asked.has(name) && !isDestroying) {
      truth.violations.push(`${label} failed and left ${name}, and does not say so`);
    }
  }
}

/** A delete that another operation has sent by now may have taken the worker away. */
function deletedNames({emulator}: World): Set<string> {
  const {requests} = emulator.digitalOcean;
  const deleted = new Set(requests.filter(({method}) => method === 'DELETE').map(({path}) => path));
  const gone = emulator.digitalOcean
    .everyDroplet()
    .filter(({id, power}) => deleted.has(`/v2/droplets/${id}`) || power.signal.aborted);
  return new Set(gone.map(({name}) => name));
}

/** Two creates of a run see each other in time when workers take longer to boot than lists to show droplets. */
const notice = 20_000;
const pollMs = 5000;

/** However often a run was asked for, there is one set of its workers, unless one was stopped on its way there. */
export function judgeRuns({truth}: World, {steps, switches, faults}: Plan): void {
  const {bootMs = 0, listLagMs = 0, tagLagMs = 0} = switches;
  const isStopped = steps.some(({stop}) => stop !== undefined);
  // A listing that fails is one that nobody has seen, until the next.
  const delayed = faults.reduce((sum, {ms = pollMs, times = 1}) => sum + ms * times, 0);
  if (isStopped || bootMs < Math.max(listLagMs, tagLagMs) + delayed + notice) {
    return;
  }

  const most = new Map<string, number>();
  for (const {operation} of steps) {
    if (operation?.kind !== 'create' || operation.runKey === undefined) {
      continue;
    }

    const run = `${operation.ci} ${operation.workerName.toLowerCase()}-${operation.runKey}`;
    most.set(run, Math.max(most.get(run) ?? 0, operation.count));
  }

  // One that is off is a worker no more, though a CI server may list it for a while.
  const registered = truth
    .ours()
    .filter(({name, status}) => status === 'active' && truth.isRegistered(name));
  for (const [run, count] of most) {
    const workers = registered
      .filter(({name, tags}) => {
        const {workerName, runKey} = partsOf(name);
        const ci = kinds.find((kind) => tags.has(`do-worker:kind:${kind}`));
        return `${ci} ${workerName}-${runKey}` === run;
      })
      .map(({name}) => name);
    if (workers.length > count) {
      truth.violations.push(
        `run ${run} has more than ${count} workers: ${workers.toSorted().join(' ')}`,
      );
    }
  }
}

/** What must hold before any cleanup, when every operation could do all that it wanted. */
export function judgeRecords(world: World): void {
  const {emulator, truth} = world;
  const stale = new Set(staleWorkers(world));
  for (const {workerId, state} of emulator.taskcluster.workers()) {
    if (state === 'running' && stale.has(workerId) && workerId !== staleWorker.name) {
      truth.violations.push(`no operation removed the record ${workerId}, which has no droplet`);
    }
  }
}

/** What must hold when the last cleanup has run; `good` are the droplets it had to keep, `seemingly` those it could not tell from good ones. */
export function judgeEnd(
  world: World,
  {good, seemingly}: {good: Droplet[]; seemingly: Droplet[]},
): void {
  const {emulator, truth, foreign, foreignRecords} = world;
  const {violations} = truth;
  const left = truth.ours();
  violations.push(...leaked(world, seemingly).map((droplet) => `leaked: ${described(droplet)}`));

  const names = emulator.digitalOcean
    .everyDroplet()
    .filter((droplet) => !foreign.has(droplet))
    .map(({name}) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
    violations.push(`two droplets were made with the name ${name}`);
  }

  for (const droplet of good) {
    if (!left.includes(droplet)) {
      violations.push(`the last cleanup killed ${droplet.name}, a good worker`);
    }
  }

  for (const [droplet, before] of foreign) {
    if (droplet.goneAt !== undefined || described(droplet) !== before) {
      violations.push(`a foreign droplet was touched: ${before} is now ${described(droplet)}`);
    }
  }

  violations.push(...staleWorkers(world).map((name) => `stale worker: ${name}`));
  const rows = new Set(emulator.concourse.workers().map(({name}) => name));
  for (const {name} of foreignWorkers) {
    if (!rows.has(name)) {
      violations.push(`a foreign worker was removed: ${name}`);
    }
  }

  for (const row of emulator.taskcluster.workers()) {
    if (foreignRecords.has(keyOf(row)) && row.state !== 'running') {
      violations.push(`a foreign static worker was removed: ${keyOf(row)}`);
    }
  }

  const foreignTags = new Set([...foreign.keys()].flatMap(({tags}) => [...tags.keys()]));
  for (const {name} of emulator.digitalOcean.tags()) {
    const tag = name.toLowerCase();
    if (!knownTag.test(tag) && !foreignTags.has(tag)) {
      violations.push(`an unknown tag: ${tag}`);
    }
  }
}

/** What stands there and is no worker, or one whose time is over. */
function leaked({truth, forsaken}: World, seemingly: Droplet[]): Droplet[] {
  return truth.ours().filter((droplet) => {
    // A droplet without its tags is anybody's: only who made it can destroy it, or tell of it.
    const isLost = droplet.tags.size === 0 && forsaken.has(droplet.name);
    const isWell = truth.isRegistered(droplet.name) || seemingly.includes(droplet);
    return !isLost && (!isWell || truth.isExpired(droplet));
  });
}

/** However many operations there are, there are these tags: none names a run or a droplet. */
const knownTag =
  /^do-worker(?::kind:[a-z]+|:ci:[0-9a-f]{8}|:name:(?:a|a-b|a-b-c|a-worker-name-with-no-room-left)|:ttl:\d{1,5})?$/v;

/** Workers and records of workers that no droplet stands behind. */
export function staleWorkers({emulator, truth, foreignRecords}: World): string[] {
  const standing = new Set<string>([
    ...foreignWorkers.map(({name}) => name),
    ...truth.ours().map(({name}) => name),
  ]);
  const listed = emulator.concourse.workers().map(({name}) => name);
  const recorded = emulator.taskcluster
    .workers()
    .filter((row) => row.state === 'running' && !foreignRecords.has(keyOf(row)))
    .map(({workerId}) => workerId);
  return [...listed, ...recorded].filter((name) => !standing.has(name));
}
