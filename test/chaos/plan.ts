import type {Fault as ConcourseFault} from '../../src/emulator/concourse/faults.js';
import type {Fault} from '../../src/emulator/digitalocean/faults.js';
import type {EmulatorOptions} from '../../src/emulator/options.js';
import {chooseForeign} from './foreign.js';
import {chooseConcourseFaults, chooseFaults} from './plan-faults.js';
import {chooseSwitches} from './plan-switches.js';
import {createRandom, type Random} from './random.js';

export type Operation =
  | {
      kind: 'create';
      workerName: string;
      runKey: string | undefined;
      count: number;
      min: number | undefined;
      ttlSeconds: number;
      timeoutSeconds: number;
      sizes: string[];
    }
  | {kind: 'destroy'; workerName: string; runKey: string | undefined}
  | {kind: 'cleanup'; workerName: string | undefined; maxDeletes: number | undefined};

/** At its nth request an operation stops dead (`kill`), or is told to stop (`interrupt`). */
export type Stop = {how: 'kill' | 'interrupt'; request: number; when: 'before' | 'after'};

export type Step = {
  /** Whether it begins while those before it still run. */
  isOverlapping: boolean;
  /** Emulated. */
  delaySeconds: number;
  operation?: Operation;
  stop?: Stop | undefined;
  outage?: {of: 'TSA' | 'ATC'; seconds: number};
};

/** Everything that the seed decides. */
export type Plan = {
  seed: number;
  switches: EmulatorOptions;
  faults: Fault[];
  concourseFaults: ConcourseFault[];
  foreign: string[];
  hasStaleWorker: boolean;
  steps: Step[];
};

export const workerNames = ['a', 'a-b', 'A-b-c'];
export const runKeys = ['r1', 'r2', 'b'];
/** The first and a time-out's end within the sequence or by the jump at its end, the last does not. */
const longTtlSeconds = [3600, 86_400];
export const jumpSeconds = 2 * 3600;

/** `unit` is how many emulated seconds a second of the plan lasts: less than one for processes in real time. */
export function makePlan(seed: number, unit = 1): Plan {
  const random = createRandom(seed);
  // A web node that knows no worker at every other look: nobody else may look in between.
  const isBlind = random.chance(0.05);
  return {
    seed,
    switches: {...chooseSwitches(random, unit), ...(isBlind && {secondReadOnly: true})},
    faults: chooseFaults(random, unit),
    concourseFaults: isBlind ? [] : chooseConcourseFaults(random, unit),
    foreign: chooseForeign(random),
    hasStaleWorker: !isBlind && random.chance(0.3),
    steps: chooseSteps(random, isBlind, unit),
  };
}

/** Most operations of a sequence are about the same name and the same run. */
type Usual = {workerName: string; runKey: string};

function chooseSteps(random: Random, isBlind: boolean, unit: number): Step[] {
  const usual = {workerName: random.pick(workerNames), runKey: random.pick(runKeys)};
  return Array.from({length: random.integer(2, 5)}, () => chooseStep(random, usual, isBlind, unit));
}

function chooseStep(random: Random, usual: Usual, isBlind: boolean, unit: number): Step {
  const timing = {
    isOverlapping: !isBlind && random.chance(0.5),
    delaySeconds: random.chance(0.5) ? 0 : random.integer(1, 60) * unit,
  };
  if (!isBlind && random.chance(0.1)) {
    return {
      ...timing,
      isOverlapping: true,
      outage: {of: random.pick(['TSA', 'ATC']), seconds: random.integer(10, 200) * unit},
    };
  }

  return {
    ...timing,
    operation: chooseOperation(random, usual, unit),
    stop: random.chance(0.3)
      ? {
          how: random.chance(0.75) ? 'kill' : 'interrupt',
          request: random.chance(0.3) ? random.integer(13, 30) : random.integer(1, 12),
          when: random.pick(['before', 'after']),
        }
      : undefined,
  };
}

function chooseOperation(random: Random, usual: Usual, unit: number): Operation {
  const workerName = random.chance(0.6) ? usual.workerName : random.pick(workerNames);
  const chosen = random.chance(0.6) ? usual.runKey : random.pick(runKeys);
  const runKey = random.chance(0.7) ? chosen : undefined;
  const kind = random.pick(['create', 'create', 'create', 'destroy', 'cleanup'] as const);
  if (kind === 'cleanup') {
    return {
      kind,
      workerName: random.chance(0.2) ? workerName : undefined,
      maxDeletes: random.chance(0.3) ? random.integer(0, 5) : undefined,
    };
  }

  if (kind === 'destroy') {
    return {kind, workerName, runKey};
  }

  const count = random.pick([1, 1, 2, 3, 4]);
  const timeoutSeconds = Math.ceil(random.pick([120, 180, 300]) * unit);
  return {
    kind,
    workerName,
    runKey,
    count,
    min: random.chance(0.3) ? random.integer(1, count) : undefined,
    ttlSeconds: random.chance(0.2)
      ? timeoutSeconds + Math.ceil(20 * unit)
      : random.pick(longTtlSeconds),
    timeoutSeconds,
    sizes: random.chance(0.5) ? ['s-2vcpu-2gb'] : ['s-2vcpu-2gb', 's-2vcpu-4gb'],
  };
}
