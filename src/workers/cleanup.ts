import {setTimeout as delay} from 'node:timers/promises';
import type {Context} from '../context.js';
import {UsageError, inOneLine, survivable} from '../errors.js';
import {decide, type Decision} from './cleanup-decisions.js';
import {look} from './cleanup-evidence.js';
import {removeStaleWorkers, removeUnusedTags} from './cleanup-rest.js';
import {deleteDroplets} from './delete.js';
import {nameProblems} from './plan.js';
import type {Owned} from './worker.js';

export type CleanupRequest = {
  /** Only droplets of this worker name. */
  workerName?: string | undefined;
  ciId?: string | undefined;
  /** A droplet may take this long until the CI server knows its worker. */
  graceSeconds: number;
  /** At most so many droplets are deleted; default: a fifth of ours, but at least 3. */
  maxDeletes?: number | undefined;
  dryRun: boolean;
};

export type Cleanup = {
  dryRun: boolean;
  /** One for each droplet, stale worker and unused tag of ours. */
  decisions: Decision[];
  /** `left` and `unknown` make the command fail. */
  counts: {deleted: number; kept: number; left: number; unknown: number};
  /** Requests to DigitalOcean. */
  apiCalls: number;
};

/**
 * Between the two looks at a worker that the CI server does not know: a web's list may be a minute old, and a worker
 * that was taken off it registers again at its next heartbeat (concourse 2, 3).
 */
const secondLookSeconds = 90;

/**
 * Deletes droplets of ours that are expired, off, or unknown to the CI server after their grace; then workers of ours
 * without a droplet; then tags of ours without a droplet. What cannot be told is kept and counted as unknown.
 * Any number may run at a time, and be killed at any point.
 */
export async function cleanUp(
  request: CleanupRequest,
  context: Context,
  problems: string[] = [],
): Promise<Cleanup> {
  const {workerName} = request;
  const found = [
    ...problems,
    ...(workerName === undefined ? [] : nameProblems(workerName, undefined)),
  ];
  if (found.length > 0) {
    throw new UsageError(found);
  }

  const {digitalOcean, progress, signal, time} = context;
  const requestsBefore = digitalOcean.requests;
  digitalOcean.openReserve();
  progress.phase('look', 'Looking at droplets and workers');
  let evidence = await look(request, context);
  let decisions = decide(evidence, request);

  if (decisions.some(({reason}) => reason === 'not registered')) {
    progress.phase(
      'look again',
      `Looking again in ${secondLookSeconds} s at what the CI server does not know`,
    );
    await delay(secondLookSeconds * time.secondMs, undefined, {signal});
    try {
      evidence = await look(request, context);
      decisions = confirmed(decisions, decide(evidence, request));
    } catch (error) {
      decisions = unconfirmed(decisions, survivable(error, signal).message);
    }
  }

  const ours = evidence.owned.length;
  limit(decisions, request.maxDeletes ?? Math.max(3, Math.floor(ours / 5)));
  if (!request.dryRun) {
    progress.phase(
      'delete',
      `Deleting ${decisions.filter(({action}) => action === 'delete').length} of ${ours} droplets`,
    );
    await carryOut(decisions, evidence.owned, context);
  }

  const goneNames = new Set(
    decisions
      .filter(({action}) => action === 'delete' || action === 'deleted')
      .map(({name}) => name),
  );
  const scope = {request, goneNames};
  decisions.push(
    ...(await removeStaleWorkers(evidence, scope, context)),
    ...(await removeUnusedTags(evidence, scope, context)),
  );
  return {
    dryRun: request.dryRun,
    decisions,
    counts: countOf(decisions),
    apiCalls: digitalOcean.requests - requestsBefore,
  };
}

/** Deletes only what both looks agree on. */
function confirmed(first: Decision[], second: Decision[]): Decision[] {
  const before = new Map(first.map((decision) => [decision.id, decision]));
  return second.map((decision) =>
    decision.reason === 'not registered' && before.get(decision.id)?.reason !== 'not registered'
      ? {...decision, action: 'keep', reason: 'not registered at the second look only'}
      : decision,
  );
}

/** What one look alone has shown to be due is not held up by a second that failed. */
function unconfirmed(decisions: Decision[], why: string): Decision[] {
  return decisions.map((decision) =>
    decision.reason === 'not registered'
      ? {...decision, action: 'unknown', reason: `not registered at the first look; ${why}`}
      : decision,
  );
}

/** Oldest first, so that every run comes nearer to the end even when it may not go all the way. */
function limit(decisions: Decision[], most: number): void {
  const deletes = decisions
    .filter(({action}) => action === 'delete')
    .toSorted((a, b) => (b.ageSeconds ?? 0) - (a.ageSeconds ?? 0));
  for (const decision of deletes.slice(most)) {
    decision.action = 'left';
    decision.reason += `; beyond --max-deletes ${most}`;
  }
}

async function carryOut(decisions: Decision[], owned: Owned[], context: Context): Promise<void> {
  const chosen = decisions.filter(({action}) => action === 'delete');
  const ids = new Set(chosen.map(({id}) => id));
  const {leftovers} = await deleteDroplets(
    owned.filter(({droplet}) => ids.has(droplet.id)),
    context,
  );
  context.signal.throwIfAborted();
  for (const decision of chosen) {
    const leftover = leftovers.find(({id}) => id === decision.id);
    decision.action = leftover === undefined ? 'deleted' : 'left';
    decision.reason +=
      leftover === undefined ? '' : `; ${inOneLine(leftover.reason, leftover.suggestions)}`;
  }
}

/** Deleted and kept droplets; of what was left or could not be told, everything. */
function countOf(decisions: Decision[]): Cleanup['counts'] {
  const count = (actions: Array<Decision['action']>, among = decisions) =>
    among.filter(({action}) => actions.includes(action)).length;
  const droplets = decisions.filter(({what}) => what === 'droplet');
  return {
    deleted: count(['deleted', 'delete'], droplets),
    kept: count(['keep'], droplets),
    left: count(['left']),
    unknown: count(['unknown']),
  };
}
