import type {Kind} from '../../src/ci-server.js';
import type {Fault as CiFault} from '../../src/emulator/ci-faults.js';
import type {Fault} from '../../src/emulator/digitalocean/faults.js';
import type {EmulatorOptions} from '../../src/emulator/options.js';
import {chooseForeign} from './foreign.js';
import {
  chooseConcourseFaults,
  chooseFaults,
  chooseLostAnswer,
  chooseTaskclusterFaults,
} from './plan-faults.js';
import {chooseSwitches} from './plan-switches.js';
import type {Outage} from './outages.js';
import {chooseSteps} from './plan-steps.js';
import {createRandom} from './random.js';

/** `ci` is the kind of CI server that it is for. */
export type Operation = {ci: Kind} & (
  | {
      kind: 'create';
      workerName: string;
      runKey: string | undefined;
      count: number;
      min: number | undefined;
      ttlSeconds: number;
      timeoutSeconds: number;
      sizes: string[];
      regions: string[];
      /** An SSH key of one's own goes onto the droplets, and into the account when it is not there. */
      hasOwnKey: boolean;
    }
  | {kind: 'destroy'; workerName: string; runKey: string | undefined}
  | {kind: 'cleanup'; workerName: string | undefined; maxDeletes: number | undefined}
);

/** At its nth request an operation stops dead (`kill`), or is told to stop (`interrupt`). */
export type Stop = {
  how: 'kill' | 'interrupt';
  /** The request to DigitalOcean at which it comes. */
  request: number;
  when: 'before' | 'after';
  /** Of a process, so many real milliseconds after the answer: in the midst of what it does at the CI server. */
  lateMs: number;
};

export type Step = {
  /** Whether it begins while those before it still run. */
  isOverlapping: boolean;
  /** Emulated. */
  delaySeconds: number;
  operation?: Operation;
  stop?: Stop | undefined;
  outage?: {of: Outage; seconds: number};
};

/** Everything that the seed decides. */
export type Plan = {
  seed: number;
  /** How many emulated seconds a second of the plan lasts: less than one for processes in real time. */
  unit: number;
  switches: EmulatorOptions;
  faults: Fault[];
  concourseFaults: CiFault[];
  taskclusterFaults: CiFault[];
  foreign: string[];
  hasStaleWorker: boolean;
  steps: Step[];
};

export const jumpSeconds = 2 * 3600;

/** Rivals see each other when workers boot for longer than it takes to look a few times, also in real time. */
const rivalUnit = 0.5;
const rivalSwitches = {bootMs: 25_000, listLagMs: 0, tagLagMs: 0};

export function makePlan(seed: number, usualUnit = 1): Plan {
  const random = createRandom(seed);
  const isRivalry = random.chance(0.06);
  const unit = isRivalry ? Math.max(usualUnit, rivalUnit) : usualUnit;
  // A web node that knows no worker at every other look: nobody else may look in between.
  const isBlind = !isRivalry && random.chance(0.05);
  const isLosing = !isRivalry && random.chance(0.15);
  const isCrowded = random.chance(0.06);
  const cis = random.pick<Kind[]>([['concourse'], ['taskcluster'], ['concourse', 'taskcluster']]);
  return {
    seed,
    unit,
    switches: {
      ...chooseSwitches(random, unit),
      ...(isBlind && {secondReadOnly: true}),
      ...(isRivalry && rivalSwitches),
      ...(isCrowded && {dropletLimit: 400, ...(random.chance(0.7) && {failPage: 2})}),
    },
    faults: [...(isLosing ? chooseLostAnswer(random) : []), ...chooseFaults(random, unit)],
    concourseFaults: isBlind ? [] : chooseConcourseFaults(random, unit),
    taskclusterFaults: isBlind ? [] : chooseTaskclusterFaults(random, unit),
    foreign: chooseForeign(random, isCrowded),
    hasStaleWorker: !isBlind && random.chance(0.3),
    steps: chooseSteps(random, {cis, isBlind, isLosing, isRivalry, unit}),
  };
}
