import {setTimeout as delay} from 'node:timers/promises';
import {ApiError, NoAnswer} from '../errors.js';
import {formatDuration} from './duration.js';
import type {Log} from './log.js';
import type {Protocol} from './protocol.js';
import type {State} from './state.js';

export type Time = {
  /** Real milliseconds that a second of waiting lasts; 1,000 but in tests. */
  secondMs: number;
  /** The wall clock, in milliseconds. */
  now: () => number;
};

export type RenewalOptions = {
  state: State;
  protocol: Protocol;
  /** Puts new credentials into the state. */
  renew: (signal: AbortSignal) => Promise<void>;
  /** Keeps the renewed state over restarts, where that is asked for. */
  cache?: () => Promise<void>;
  log: Log;
  time: Time;
};

const seconds = 1000;
const minutes = 60 * seconds;
/** The machine may sleep meanwhile: the wall clock is asked again and again. */
const longestStepSeconds = 60;
/** However soon new credentials expire, they are not renewed more often. */
const leastPauseMs = 10 * seconds;
/** A service that is down for a while costs no worker its tasks. */
const attempts = 5;
const attemptEverySeconds = 30;

/** How long credentials are used that expire so far ahead (facts 6). */
export function renewalDelay(leftMs: number): number {
  const early = Math.max(leftMs - 30 * minutes, 5 * minutes);
  return Math.min(early, Math.max(leftMs - 30 * seconds, 0));
}

/** Renews the worker's credentials until the signal is aborted; if it cannot, the worker is asked to end. */
export async function keepCredentials(options: RenewalOptions, signal: AbortSignal): Promise<void> {
  const {state, time} = options;
  let leastMs = 0;
  try {
    while (state.credentialsExpire !== undefined) {
      const leftMs = state.credentialsExpire.getTime() - time.now();
      options.log.line(`Worker credentials expire in ${formatDuration(leftMs)}`);
      await waitUntil(time.now() + Math.max(renewalDelay(leftMs), leastMs), time, signal);
      if (!(await renewOrStop(options, signal))) {
        return;
      }

      leastMs = leastPauseMs;
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Whether there is something to renew the next time. */
async function renewOrStop(options: RenewalOptions, signal: AbortSignal): Promise<boolean> {
  const {state, protocol, cache, log} = options;
  if (!(await unlessAborted(protocol.isCapable('new-credentials'), signal))) {
    await askToStop(options, signal);
    return false;
  }

  try {
    await renew(options, signal);
  } catch (error) {
    signal.throwIfAborted();
    log.line(`Error renewing worker credentials: ${(error as Error).message}`);
    await askToStop(options, signal);
    return false;
  }

  const {clientId, accessToken, certificate} = state.credentials;
  protocol.send('new-credentials', {
    'client-id': clientId,
    'access-token': accessToken,
    ...(certificate !== undefined && {certificate}),
  });
  try {
    await cache?.();
  } catch (error) {
    // The worker has its credentials: it goes on, and the machine's next start will fail at worst.
    log.line(`Error caching renewed credentials: ${(error as Error).message}`);
  }

  return true;
}

async function renew(
  {state, renew: send, log, time}: RenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await send(signal);
      return;
    } catch (error) {
      const isOver = state.credentialsExpire!.getTime() <= time.now();
      if (!isPassing(error) || isOver || attempt === attempts) {
        throw error;
      }

      log.line(`Could not renew worker credentials yet: ${error.message}`);
    }

    await delay(attemptEverySeconds * time.secondMs, undefined, {signal});
  }
}

/** Had the request been carried out all the same, its secret is used up: a refusal of the next one tells so. */
function isPassing(error: unknown): error is Error {
  return error instanceof NoAnswer || (error instanceof ApiError && error.status >= 500);
}

async function askToStop(
  {state, protocol, log, time}: RenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!(await unlessAborted(protocol.isCapable('graceful-termination'), signal))) {
    log.line('ERROR: credentials expiring, but no way to tell the worker');
    return;
  }

  const left = formatDuration(state.credentialsExpire!.getTime() - time.now());
  log.line(`Taskcluster Credentials are expiring in ${left}; stopping worker`);
  protocol.send('graceful-termination', {'finish-tasks': false});
}

async function waitUntil(end: number, {secondMs, now}: Time, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const leftSeconds = (end - now()) / seconds;
    if (leftSeconds <= 0) {
      return;
    }

    await delay(Math.min(leftSeconds, longestStepSeconds) * secondMs, undefined, {signal});
  }
}

/** A worker that never says hello keeps its capabilities to itself for ever. */
async function unlessAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(signal.reason as Error);
  };

  signal.throwIfAborted();
  signal.addEventListener('abort', abort, {once: true});
  try {
    const result = await Promise.race([waiting, aborted.promise]);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
