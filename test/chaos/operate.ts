import type {CleanupRequest} from '../../src/workers/cleanup.js';
import type {Operation, Stop} from './plan.js';
import type {World} from './world.js';

export type Outcome = {
  /** `stopped`: killed, and nothing is known of it. */
  end: 'done' | 'failed' | 'stopped';
  message: string;
  /** Names of the droplets that a create says are workers now. */
  created?: string[];
  /** How much a cleanup could not delete. */
  left?: number;
  /** It said that records stay for cleanup: on a busy machine the time to remove them may be over in a moment. */
  hasLeftRecords?: boolean;
};

/** Whether an operation told of records that it left. */
export function tellsOfRecords(said: string): boolean {
  return said.includes('The CI server may go on listing the workers');
}

/** Runs one operation to its end, in this process or as one of its own. */
export type Operate = (
  world: World,
  label: string,
  operation: Operation,
  options: {stop?: Stop | undefined; jumpSeconds?: number},
) => Promise<Outcome>;

export const graceSeconds = 900;

export function cleanupRequest({
  workerName,
  maxDeletes,
}: Extract<Operation, {kind: 'cleanup'}>): CleanupRequest {
  return {workerName, maxDeletes, graceSeconds, dryRun: false};
}
