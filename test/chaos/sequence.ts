import {kinds} from '../../src/ci-server.js';
import {jumpSeconds, type Plan, type Step} from './plan.js';
import type {Operate} from './operate.js';
import {judgeDone, judgeEnd, judgeFailed, judgeRecords, judgeRuns, staleWorkers} from './judge.js';
import {judgingRows} from './judge-rows.js';
import {outages} from './outages.js';
import {describeOperation} from './describe.js';
import {startWorld, type World} from './world.js';

export type Result = {
  plan: Plan;
  violations: string[];
  story: string[];
  counts: Counts;
};

export type Counts = {
  operations: number;
  faults: number;
  kills: number;
  droplets: number;
  deletes: number;
};

/** Plays one plan; then faults stop, time passes, one cleanup runs, and what is left is judged. */
export async function playSequence(
  plan: Plan,
  {operate: unjudged, timeScale}: {operate: Operate; timeScale: number},
): Promise<Result> {
  // A list that lacks everybody may tell a remover that there is nothing to remove.
  const operate = plan.switches.secondReadOnly === true ? unjudged : judgingRows(unjudged);
  await using world = await startWorld(plan, timeScale);
  const {truth, emulator, story} = world;
  const running: Array<Promise<End>> = [];
  let outageCount = 0;
  for (const [index, step] of plan.steps.entries()) {
    if (!step.isOverlapping) {
      await Promise.all(running);
    }

    await emulator.clock.sleep(step.delaySeconds * 1000);
    outageCount += step.outage === undefined ? 0 : 1;
    running.push(playStep({world, plan, label: `#${index + 1}`}, step, operate));
  }

  const ends = await Promise.all(running);
  world.mend();
  world.tell('faults stop');
  await settle(plan, world);
  if (isTaskclusterSound(plan) && ends.every((end) => end === 'tidy')) {
    judgeRecords(world);
  }

  await endWithCleanup(plan, world, operate);

  const {requests} = emulator.digitalOcean;
  return {
    plan,
    violations: [...new Set(truth.violations)],
    story,
    counts: {
      operations: plan.steps.filter(({operation}) => operation).length + kinds.length,
      faults: requests.filter(({fault}) => fault !== undefined).length + outageCount,
      kills: ends.filter((end) => end === 'killed').length,
      droplets: emulator.digitalOcean.everyDroplet().length - world.foreign.size,
      deletes: requests.filter(({method, status}) => method === 'DELETE' && status === 204).length,
    },
  };
}

/** How a step left things: `untidy` when it could not do all that it should, and what is left is for cleanup. */
type End = 'tidy' | 'untidy' | 'killed';

function isTaskclusterSound({taskclusterFaults, steps}: Plan): boolean {
  return (
    taskclusterFaults.length === 0 && steps.every(({outage}) => outage?.of !== 'no Taskcluster')
  );
}

async function playStep(
  {world, plan, label}: {world: World; plan: Plan; label: string},
  {operation, stop, outage}: Step,
  operate: Operate,
): Promise<End> {
  const {emulator} = world;
  if (outage !== undefined) {
    const {begin, end} = outages[outage.of];
    world.tell(`${label} begins: ${outage.of}`);
    begin(world);
    await emulator.clock.sleep(outage.seconds * 1000);
    end(world);
    world.tell(`${label} ends: ${outage.of}`);
  }

  if (operation === undefined) {
    return 'tidy';
  }

  world.tell(`${label} begins: ${describeOperation(operation)}`);
  const startedAt = emulator.clock.now();
  const outcome = await operate(world, label, operation, {stop});
  const {end, message, created, leftovers = [], left = 0, hasLeftRecords = false} = outcome;
  world.tell(
    `${label} ${end}${message && `: ${message}`}${created ? `: ${created.join(' ')}` : ''}`,
  );
  if (end === 'done') {
    judgeDone(world, {plan, label, operation, created, startedAt});
  }

  const isTold = /NOT destroyed|cannot be told/v.test(message);
  const isForsaken = isTold || end === 'stopped';
  for (const name of isForsaken ? world.askedBy(label) : leftovers) {
    world.forsaken.add(name);
  }

  if (end === 'failed' && !isTold && !message.includes('may')) {
    judgeFailed(world, label);
  }

  // A create undoes what it made even when it is interrupted; another operation leaves the rest as it is.
  const isUndone = operation.kind === 'create' && !isTold;
  const isTidy = !hasLeftRecords && (end === 'done' ? left === 0 : isUndone);
  return end === 'stopped' ? 'killed' : isTidy ? 'tidy' : 'untidy';
}

/** Until what can still boot has booted, and the workers of what is gone have left the list. */
async function settle({switches, unit}: Plan, world: World): Promise<void> {
  const {emulator, truth} = world;
  const bootMs =
    (switches.createMs ?? 0) + (switches.bootMs ?? 0) + (switches.registerDelayMs ?? 0);
  await emulator.clock.sleep(bootMs + 120_000 * unit);
  await waitUntil(world, 300 * unit, () =>
    truth.ours().every(({name, status}) => truth.isRegistered(name) || status === 'off'),
  );
}

/** Two hours pass for the services, in which nothing happens but that workers go on asking for work. */
function jump({switches}: Plan, {emulator, truth, keepForeignActive}: World): void {
  const {digitalOcean, taskcluster, clock} = emulator;
  digitalOcean.settings.clockSkewSeconds += jumpSeconds;
  taskcluster.settings.taskclusterDateSkewSeconds += jumpSeconds;
  // So that none falls silent while the last cleanups run, however slow the machine is.
  const activeSeconds = jumpSeconds + 86_400;
  keepForeignActive(activeSeconds);
  const active = truth.ours().filter(({name, status}) => {
    const mayHang = switches.hangAfterMs !== undefined;
    return status === 'active' && truth.isRegistered(name) && !mayHang;
  });
  const names = new Set(active.map(({name}) => name));
  for (const worker of taskcluster.workers().filter(({workerId}) => names.has(workerId))) {
    taskcluster.setLastActive(worker, clock.now() + activeSeconds * 1000);
  }
}

async function waitUntil(
  {emulator: {clock}}: World,
  seconds: number,
  isReady: () => boolean,
): Promise<void> {
  const until = clock.now() + seconds * 1000;
  while (clock.now() < until && !isReady()) {
    await clock.sleep((seconds * 1000) / 50);
  }
}

async function endWithCleanup(plan: Plan, world: World, operate: Operate): Promise<void> {
  const {unit} = plan;
  const {truth} = world;
  judgeRuns(world, plan);
  jump(plan, world);
  const good = truth.ours().filter(
    (droplet) =>
      // One that may hang at any moment is not good for long.
      plan.switches.hangAfterMs === undefined &&
      droplet.status === 'active' &&
      truth.isRegistered(droplet.name) &&
      !truth.isExpired(droplet),
  );
  // One that hung a moment ago looks well until its worker leaves the list.
  const seemingly = truth
    .ours()
    .filter(({name}) => plan.switches.hangAfterMs !== undefined && truth.isListed(name));
  world.tell(`time passes; good workers: ${good.map(({name}) => name).join(' ') || 'none'}`);
  for (const ci of kinds) {
    const label = `last cleanup of ${ci}`;
    const {
      end,
      message,
      left = 0,
    } = await operate(
      world,
      label,
      {ci, kind: 'cleanup', workerName: undefined, maxDeletes: 1000},
      {jumpSeconds},
    );
    world.tell(`${label} ${end}${message && `: ${message}`}`);
    if (end !== 'done') {
      truth.violations.push(`the ${label} ${end}: ${message}`);
    } else if (left > 0) {
      truth.violations.push(`the ${label} left ${left} of what it should delete`);
    }
  }

  // Workers that it did not see, because they registered late, leave the list by themselves.
  await waitUntil(world, 200 * unit, () => staleWorkers(world).length === 0);
  judgeEnd(world, {good, seemingly});
}
