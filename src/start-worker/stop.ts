import {once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import type {RunningWorker} from './implementation.js';
import type {Log} from './log.js';
import type {Protocol} from './protocol.js';

/** Together well below the 90 s after which systemd kills a unit that it stops. */
const seconds = {hello: 5, graceful: 45, terminated: 15};

export type StopOptions = {
  worker: RunningWorker;
  protocol: Protocol;
  log: Log;
  secondMs: number;
};

/** Ends the worker once `signal` is aborted, unless it has ended by itself before. */
export async function stopWhenAsked(
  options: StopOptions,
  signal: AbortSignal,
  ended: AbortSignal,
): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort', {signal: ended}).catch(() => undefined);
  }

  if (ended.aborted) {
    return;
  }

  options.log.line(`${(signal.reason as Error).message}: ending the worker`);
  await stopWorker(options, ended);
}

/**
 * Ends the worker within a bound, without waiting for its tasks: by a message if it knows that one, then by SIGTERM,
 * then by SIGKILL. Returns as soon as `ended` is aborted.
 */
export async function stopWorker(
  {worker, protocol, log, secondMs}: StopOptions,
  ended: AbortSignal,
): Promise<void> {
  const pause = async (length: number) =>
    delay(length * secondMs, undefined, {signal: ended}).catch(() => undefined);

  const isCapable = await Promise.race([
    protocol.isCapable('graceful-termination'),
    pause(seconds.hello),
  ]);
  if (isCapable === true && !ended.aborted) {
    log.line('Sending graceful-termination request with finish-tasks=false');
    protocol.send('graceful-termination', {'finish-tasks': false});
    await pause(seconds.graceful);
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (ended.aborted) {
      return;
    }

    log.line(`The worker is still there: sending ${signal}`);
    worker.kill(signal);
    await pause(seconds.terminated);
  }
}
