import type {CiServer, CiWorker} from '../ci-server.js';
import type {Context} from '../context.js';
import {survivable} from '../errors.js';
import {StillWaiting, pollUntil} from './poll.js';
import {defaultPace} from './wait.js';

/**
 * The webs of a cluster may disagree once (concourse 2), so an idle worker must be missing from so many lists in turn;
 * still fewer than it takes one to register again. Telling workers to retire reads the list too, so two could be of one web.
 */
const quietLooks = 3;
/** A retired worker that has left the list registers again (concourse 3), and takes builds until it is told once more. */
const retireSeconds = 20;

type Draining = {
  names: string[];
  seconds: number;
  /** What the CI server listed before; undefined when it did not answer. */
  listed: CiWorker[] | undefined;
  /** Whether the CI server is the workers' own: else one that it does not list may run all the same. */
  isOwnCi: boolean;
  /** Told of workers as soon as they have no more work; whoever lets them live has them take new work. */
  onIdle: (names: string[]) => void;
};

type Look = {
  busy: string[];
  /** Neither seen before nor sure to be seen, so nobody knows whether they have work. */
  untold: string[];
};

/**
 * Waits until the CI server has no more work on the workers; ends when time is up or somebody interrupts. Where it does
 * not tell whether they are idle, it waits for all of the time.
 */
export async function drain(
  {names, seconds, listed, isOwnCi, onIdle}: Draining,
  ci: CiServer,
  context: Pick<Context, 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const {progress, signal, time} = context;
  progress.phase('drain', `Letting running builds end, for ${seconds} s at most`);
  const retire = createRetire(ci, context);
  const seen = new Set(listed?.map(({name}) => name));
  const quiet = new Map(names.map((name) => [name, 0]));
  const look = async (): Promise<Look> => {
    const there = new Set((await ci.list(signal)).map(({name}) => name));
    for (const name of there) {
      seen.add(name);
    }

    const left = [...quiet.keys()];
    const unseen = left.filter((name) => !seen.has(name));
    const isTold = unseen.length === 0 || (isOwnCi && (await ci.listsAll(signal)));
    const untold = isTold ? [] : unseen;
    for (const [name, looks] of quiet) {
      quiet.set(name, there.has(name) || untold.includes(name) ? 0 : looks + 1);
    }

    return {busy: left.filter((name) => there.has(name)), untold};
  };

  const attempt = async () => {
    await retire([...quiet.keys()]);
    const {busy, untold} = await look().catch((error: unknown) => {
      for (const name of quiet.keys()) {
        quiet.set(name, 0);
      }

      throw new StillWaiting(
        `whether builds still ran could not be told: ${survivable(error, signal).message}`,
      );
    });
    const idle = [...quiet.keys()].filter((name) => quiet.get(name)! >= quietLooks);
    for (const name of idle) {
      quiet.delete(name);
    }

    if (idle.length > 0) {
      onIdle(idle);
    }

    if (quiet.size > 0) {
      throw new StillWaiting(stillBusy({busy, untold}, seconds));
    }
  };

  try {
    await pollUntil(
      attempt,
      {everySeconds: Math.min(defaultPace.ciSeconds, seconds), forSeconds: seconds},
      {time, signal},
    );
  } catch (error) {
    if (!signal.aborted) {
      progress.note(`Not drained: ${survivable(error, signal).message}`);
    }
  }
}

function stillBusy({busy, untold}: Look, seconds: number): string {
  if (busy.length > 0) {
    return `${busy.join(', ')} had not left the list after ${seconds} s`;
  }

  return untold.length > 0
    ? `whether builds still ran could not be told: the CI server does not show ${untold.join(', ')}`
    : 'the workers left the list at the last looks only';
}

/** Tells workers to take no new builds, and again from time to time; what keeps them from hearing it may pass. */
function createRetire(
  ci: CiServer,
  {progress, signal, time}: Pick<Context, 'progress' | 'signal' | 'time'>,
): (names: string[]) => Promise<void> {
  let dueAt = -Infinity;
  const notes = new Set<string>();
  return async (names) => {
    if (performance.now() < dueAt) {
      return;
    }

    try {
      await ci.retire(names, signal);
    } catch (error) {
      const failure = survivable(error, signal);
      if (failure.code === 'NO_DRAIN') {
        throw failure;
      }

      const note = `Workers may go on taking new builds: ${failure.message}`;
      if (!notes.has(note)) {
        notes.add(note);
        progress.note(note);
      }
    }

    dueAt = performance.now() + retireSeconds * time.secondMs;
  };
}
