import {once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {ActionableError} from '../errors.js';
import type {Ask, Metadata} from './metadata.js';
import type {ProviderContext} from './provider.js';

export type Watch = {
  everySeconds: number;
  /** The line that announces it, once the cloud says that this machine is about to go. */
  check(signal: AbortSignal): Promise<string | undefined>;
  /** Told once; otherwise each time it is seen. */
  isOnce?: boolean;
};

/** Asks again and again whether this machine is about to go; returns when the signal is aborted. */
export async function watchTermination(
  watch: Watch,
  {log, secondMs}: Pick<ProviderContext, 'log' | 'secondMs'>,
  terminate: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const poll = async () => {
    let isFailing = false;
    for (;;) {
      await delay(watch.everySeconds * secondMs, undefined, {signal});
      try {
        const notice = await watch.check(signal);
        isFailing = false;
        if (notice !== undefined) {
          log.line(notice);
          await terminate();
          if (watch.isOnce === true) {
            return;
          }
        }
      } catch (error) {
        if (signal.aborted || !(error instanceof ActionableError)) {
          throw error;
        }

        if (!isFailing) {
          log.line(`Could not look for a termination notice, trying again: ${error.message}`);
        }

        isFailing = true;
      }
    }
  };

  const aborted = once(signal, 'abort');
  try {
    // `terminate` waits for a worker that may never say hello.
    await Promise.race([poll(), aborted]);
    await aborted;
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Refuses to start on a machine that is about to go; a cloud that cannot be asked is found out later. */
export async function refuseIfTerminating(
  check: (signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let isTerminating = false;
  try {
    isTerminating = await check(signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof ActionableError)) {
      throw error;
    }
  }

  if (isTerminating) {
    throw new ActionableError('TERMINATING', 'instance is about to shutdown');
  }
}

/** EC2 has a time of termination only for an instance that is about to be taken back. */
export async function isSpotEnding(metadata: Metadata, ask: Ask): Promise<boolean> {
  return (await metadata.find('/meta-data/spot/termination-time', ask)) !== undefined;
}
