import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import type {ActionableError} from '../errors.js';
import {adviceOn, createFailed, stillBilled} from './create-failed.js';
import type {Leftover} from './delete.js';
import type {Fleet} from './fleet.js';
import type {Plan} from './plan.js';
import type {Ledger} from './post-droplets.js';
import type {Preflight} from './preflight.js';
import {destroyCommand} from './suggested.js';
import type {createTimeline} from './timeline.js';
import {forgetUnmade, undoCreate, undoSignal} from './undo.js';
import type {Pace} from './wait.js';
import {linked} from './worker.js';

/** How far a create has come. */
export type Work = {
  ledger: Ledger;
  pace: Pace;
  timeline: ReturnType<typeof createTimeline>;
  /** Known once droplets are there. */
  checked?: Preflight;
  fleet?: Fleet;
};

/** Whether a create that cannot get all its workers has its minimum of them. */
export function isEnough({count, min}: Plan, {fleet}: Work): boolean {
  return min < count && fleet !== undefined && fleet.registered.size >= min;
}

/** Droplets of the same run that another call made, as far as they are there. */
export function adoptedIn({ledger, checked, fleet}: Work): Droplet[] {
  const made = new Set(ledger.created.map(({id}) => id));
  const all =
    fleet === undefined
      ? (checked?.adopted ?? []).map(({droplet}) => droplet)
      : [...fleet.droplets.values()];
  return all.filter(({id, name}) => !made.has(id) && fleet?.isGone(name) !== true);
}

/** A part of a fleet is success when it is as many as asked for at least; destroys the rest, and gives what is left. */
export async function settleForLess(
  plan: Plan,
  ci: CiServer,
  {work, cause}: {work: Work; cause: ActionableError},
  context: Context,
): Promise<Leftover[]> {
  const {ledger, fleet} = work;
  const {registered} = fleet!;
  const rest = {
    ...ledger,
    prepared: ledger.prepared.filter((name) => !registered.has(name)),
    created: ledger.created.filter(({name}) => !registered.has(name)),
  };
  const isRest = rest.created.length + rest.uncertain.size > 0;
  const fate = isRest ? `; ${plan.keepOnFailure ? 'keeping' : 'destroying'} the rest` : '';
  context.progress.note(
    `${registered.size} of ${plan.count} workers registered, which is enough${fate}. ${cause.message}`,
  );
  const leftovers = plan.keepOnFailure
    ? [...kept(rest.created, work), ...unclear(ledger)]
    : await undoCreate(rest, plan, ci, context);

  // For an interrupt in the meantime, after which all of it goes.
  const names = new Set([...registered, ...leftovers.map(({name}) => name)]);
  work.ledger = {
    prepared: ledger.prepared.filter((name) => names.has(name)),
    created: ledger.created.filter(({name}) => names.has(name)),
    uncertain: new Set(
      ledger.prepared.filter((name) => names.has(name) && ledger.uncertain.has(name)),
    ),
  };

  leftovers.push(...unregistered(plan, work));
  if (leftovers.length > 0) {
    context.progress.note([stillBilled(leftovers), ...adviceOn(leftovers)].join('\n'));
  }

  return leftovers;
}

/** The error to throw, after what was made is destroyed again. */
export async function undone(
  plan: Plan,
  ci: CiServer,
  {work, cause}: {work: Work; cause: unknown},
  context: Context,
): Promise<unknown> {
  const {ledger, fleet, timeline} = work;
  const phase = timeline.current();
  let leftovers = unclear(ledger);
  const isSomethingMade = ledger.created.length + ledger.uncertain.size > 0;
  if (isSomethingMade && !plan.keepOnFailure) {
    context.progress.phase(
      'undo',
      `Destroying what was made (interrupted once more, it stays and is billed). ${(cause as Error).message}`,
    );
    // Concourse kills an aborted step after ten seconds: then this is the last that is told.
    const made = [...ledger.created.map((droplet) => linked(droplet)), ...ledger.uncertain];
    context.progress.note(made.join(', '));
    leftovers = await undoCreate(ledger, plan, ci, context);
  } else {
    await forgetUnmade(ledger, ci, {
      ...context,
      signal: undoSignal(context.time, ledger.prepared.length),
    });
  }

  return createFailed({
    plan,
    phase,
    cause,
    seen: fleet?.describe() ?? [],
    ...(plan.keepOnFailure ? {kept: there(ledger.created, work)} : {undone: ledger.created}),
    adopted: adoptedIn(work),
    leftovers,
  });
}

function there(droplets: Droplet[], {fleet}: Work): Droplet[] {
  return droplets.filter(({name}) => fleet?.isGone(name) !== true);
}

function unclear({uncertain}: Ledger): Leftover[] {
  return [...uncertain].map((name) => ({
    name,
    id: null,
    reason: 'its POST got no clear answer',
    suggestions: [],
  }));
}

function kept(droplets: Droplet[], work: Work): Leftover[] {
  return there(droplets, work).map(({id, name}) => ({
    id,
    name,
    reason: 'kept to look into, as asked',
    suggestions: [],
  }));
}

/** Another call's are not this one's to destroy. */
function unregistered({workerName, runKey, kind, ci}: Plan, work: Work): Leftover[] {
  return adoptedIn(work)
    .filter(({name}) => !work.fleet!.registered.has(name))
    .map(({id, name}) => ({
      id,
      name,
      reason: 'made by another call of the same run, and not registered',
      suggestions: [`Ends the whole run: ${destroyCommand({workerName, runKey, kind, ci})}`],
    }));
}
