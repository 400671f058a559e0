import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import {ActionableError} from '../errors.js';
import {StillWaiting, orStillWaiting, pollUntil} from './poll.js';
import {defaultPace} from './wait.js';

/** Waits until the CI server has no more work on the workers; ends when time is up or somebody interrupts. */
export async function drain(
  names: string[],
  seconds: number,
  ci: CiServer,
  {progress, signal, time}: Pick<Context, 'progress' | 'signal' | 'time'>,
): Promise<void> {
  progress.phase('drain', `Letting running builds end, for ${seconds} s at most`);
  try {
    await ci.retire(names, signal);
    await pollUntil(
      async () => {
        const workers = await ci.list(signal).catch(orStillWaiting);
        const busy = workers.filter(({name}) => names.includes(name));
        if (busy.length > 0) {
          throw new StillWaiting(
            `${busy.map(({name}) => name).join(', ')} had not left the list after ${seconds} s`,
          );
        }
      },
      {everySeconds: Math.min(defaultPace.ciSeconds, seconds), forSeconds: seconds},
      {time, signal},
    );
  } catch (error) {
    if (error instanceof ActionableError && !signal.aborted) {
      progress.note(`Not drained: ${error.message}`);
    } else if (!signal.aborted) {
      throw error;
    }
  }
}
