import type {CiServer, CiWorker} from '../ci-server.js';
import type {Context} from '../context.js';
import {survivable} from '../errors.js';
import {StillWaiting, pollUntil} from './poll.js';
import {defaultPace} from './wait.js';

/** The webs of a cluster may disagree once (concourse 2), so an idle worker must be missing from so many lists in turn. */
const quietLooks = 2;

type Draining = {
  names: string[];
  seconds: number;
  /** What the CI server listed before; undefined when it did not answer. */
  listed: CiWorker[] | undefined;
};

/**
 * Waits until the CI server has no more work on the workers; ends when time is up or somebody interrupts. Where it does
 * not tell whether they are idle, it waits for all of the time.
 */
export async function drain(
  {names, seconds, listed}: Draining,
  ci: CiServer,
  context: Pick<Context, 'progress' | 'signal' | 'time'>,
): Promise<void> {
  const {progress, signal} = context;
  progress.phase('drain', `Letting running builds end, for ${seconds} s at most`);
  try {
    await ci.retire(names, signal);
    await untilIdle({names, seconds, listed}, ci, context);
  } catch (error) {
    if (!signal.aborted) {
      progress.note(`Not drained: ${survivable(error, signal).message}`);
    }
  }
}

async function untilIdle(
  {names, seconds, listed}: Draining,
  ci: CiServer,
  {signal, time}: Pick<Context, 'signal' | 'time'>,
): Promise<void> {
  const seen = new Set(listed?.map(({name}) => name));
  let looks = 0;
  const look = async () => {
    const workers = await ci.list(signal);
    const there = new Set(workers.map(({name}) => name));
    const busy = names.filter((name) => there.has(name));
    for (const name of busy) {
      seen.add(name);
    }

    const unseen = names.filter((name) => !seen.has(name));
    const isToldOf = unseen.length === 0 || (await ci.listsAll(signal));
    return {busy, unseen: isToldOf ? [] : unseen};
  };

  await pollUntil(
    async () => {
      const {busy, unseen} = await look().catch((error: unknown) => {
        looks = 0;
        throw new StillWaiting(
          `whether builds still ran could not be told: ${survivable(error, signal).message}`,
        );
      });
      looks = busy.length + unseen.length > 0 ? 0 : looks + 1;
      if (busy.length > 0) {
        throw new StillWaiting(`${busy.join(', ')} had not left the list after ${seconds} s`);
      }

      if (unseen.length > 0) {
        throw new StillWaiting(
          `whether builds still ran could not be told: the login does not see ${unseen.join(', ')}`,
        );
      }

      if (looks < quietLooks) {
        throw new StillWaiting('the workers left the list at the last look only');
      }
    },
    {everySeconds: Math.min(defaultPace.ciSeconds, seconds), forSeconds: seconds},
    {time, signal},
  );
}
