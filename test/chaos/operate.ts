import type {CleanupRequest} from '../../src/workers/cleanup.js';
import type {Decision} from '../../src/workers/cleanup-decisions.js';
import type {Operation, Stop} from './plan.js';
import type {World} from './world.js';

export type Outcome = {
  /** `stopped`: killed, and nothing is known of it. */
  end: 'done' | 'failed' | 'stopped';
  message: string;
  /** Names of the droplets that a create says are workers now. */
  created?: string[];
  /** Names of the droplets that it says it could not destroy again. */
  leftovers?: string[];
  /** Names that it says are off the CI server's list. */
  removed?: string[];
  /** Names of the droplets that a cleanup says it deleted. */
  deleted?: string[];
  /** How much a cleanup could not delete. */
  left?: number;
  /** It said that records stay for cleanup: on a busy machine the time to remove them may be over in a moment. */
  hasLeftRecords?: boolean;
};

type Named = {name: string};

/** What an operation gives, and its command prints. */
export type Result = {
  workers?: Named[];
  leftovers?: Named[];
  removed?: string[] | null;
  decisions?: Array<Named & Pick<Decision, 'what' | 'action'>>;
  counts?: {left: number};
};

/** What the result says, by the kind of operation. */
export function saidIn(
  kind: Operation['kind'],
  {workers = [], leftovers = [], removed, decisions = [], counts}: Result,
): Pick<Outcome, 'created' | 'leftovers' | 'removed' | 'deleted' | 'left'> {
  const names = workers.map(({name}) => name);
  if (kind === 'create') {
    return {created: names, leftovers: leftovers.map(({name}) => name)};
  }

  if (kind === 'destroy') {
    return {removed: [...names, ...(removed ?? [])]};
  }

  const deleted = (what: Decision['what']) =>
    decisions
      .filter((each) => each.what === what && each.action === 'deleted')
      .map(({name}) => name);
  return {removed: deleted('worker'), deleted: deleted('droplet'), left: counts?.left ?? 0};
}

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
