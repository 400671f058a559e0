import pLimit from 'p-limit';
import {operateAsProcess} from './as-process.js';
import {operateInProcess} from './in-process.js';
import {makePlan} from './plan.js';
import {playSequence, type Counts, type Result} from './sequence.js';

export type Total = Counts & {sequences: number; failures: Result[]; seconds: number};

export type PlayOptions = {
  /** The first sequence's; each following one has the next number. */
  seed: number;
  runs: number;
  hasProcesses?: boolean;
  concurrency?: number | undefined;
  timeScale?: number | undefined;
  /** No sequence begins later than this. */
  seconds?: number | undefined;
  onResult?: (result: Result) => void;
};

/** With more at a time, most creates use up their time in waiting for the processor. */
const inProcess = {operate: operateInProcess, timeScale: 150, unit: 1, concurrency: 10};
/** In real time, a plan's second mostly lasts 50 ms. */
const asProcesses = {operate: operateAsProcess, timeScale: 1, unit: 0.05, concurrency: 24};

/** Plays that many sequences, some at a time. */
export async function playMany({
  seed,
  runs,
  hasProcesses = false,
  concurrency,
  timeScale,
  seconds = Infinity,
  onResult,
}: PlayOptions): Promise<Total> {
  const way = hasProcesses ? asProcesses : inProcess;
  const startedAt = performance.now();
  const limit = pLimit(concurrency ?? way.concurrency);
  const total: Total = {
    sequences: 0,
    operations: 0,
    faults: 0,
    kills: 0,
    droplets: 0,
    deletes: 0,
    failures: [],
    seconds: 0,
  };
  await Promise.all(
    Array.from({length: runs}, async (_, index) =>
      limit(async () => {
        if (performance.now() - startedAt > seconds * 1000) {
          return;
        }

        const plan = makePlan(seed + index, way.unit);
        const result = await playSequence(plan, {...way, timeScale: timeScale ?? way.timeScale});
        total.sequences++;
        for (const [key, count] of Object.entries(result.counts)) {
          total[key as keyof Counts] += count;
        }

        if (result.violations.length > 0) {
          total.failures.push(result);
        }

        onResult?.(result);
      }),
    ),
  );
  total.seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return total;
}

export function summary({failures, ...figures}: Total): string {
  const {sequences, operations, faults, kills, droplets, deletes, seconds} = figures;
  return `${sequences} sequences, ${operations} operations, ${faults} faults, ${kills} kills, ${droplets} droplets made, ${deletes} deletes, ${failures.length} failures, ${seconds} s`;
}
