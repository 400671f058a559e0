import type {Operation} from './plan.js';
import type {Operate, Outcome} from './operate.js';
import type {World} from './world.js';

/**
 * Judges operations on Concourse also by its list, unless something went wrong there meanwhile: workers leave it by
 * themselves within two minutes, so what nobody removed is to be seen only right away.
 */
export function judgingRows(operate: Operate): Operate {
  return async (world, label, operation, options) => {
    const isSound = world.watchConcourse();
    const before = listed(world);
    const outcome = await operate(world, label, operation, options);
    if (operation.ci === 'concourse' && isSound()) {
      judgeRows(world, {label, operation, outcome, before});
    }

    return outcome;
  };
}

type Ended = {
  label: string;
  operation: Operation;
  outcome: Outcome;
  /** Who was on the list when it began. */
  before: ReadonlySet<string>;
};

function judgeRows(world: World, ended: Ended): void {
  const {truth} = world;
  const standing = new Set(
    truth
      .ours()
      .filter(({isDestroying}) => !isDestroying)
      .map(({name}) => name),
  );
  const rows = listed(world);
  for (const name of promised(world, ended)) {
    if (rows.has(name) && !standing.has(name)) {
      truth.violations.push(`${ended.label} left ${name} on Concourse's list`);
    }
  }
}

/** The names that should be off the list by what the operation says, or does not say. */
function promised({askedBy}: World, {label, operation, outcome, before}: Ended): string[] {
  const {end, created = [], removed = [], deleted = [], hasLeftRecords = false} = outcome;
  if (operation.kind === 'create') {
    const isSilent = end === 'stopped' || hasLeftRecords;
    return isSilent ? [] : [...askedBy(label)].filter((name) => !created.includes(name));
  }

  // A worker that registers when a cleanup has looked is one that it does not know of.
  return [...removed, ...deleted.filter((name) => before.has(name))];
}

function listed({emulator}: World): ReadonlySet<string> {
  return new Set(emulator.concourse.workers().map(({name}) => name));
}
