import {setTimeout as delay} from 'node:timers/promises';

/** The emulator's own time: milliseconds since the epoch that pass `scale` times as fast as real ones. */
export type Clock = {
  readonly scale: number;
  now(): number;
  /** Resolves after `ms` of emulated time; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** Starts at the real time; a sleep keeps no process alive, and beyond 24 real days it ends at once. */
export function createClock(scale = 1): Clock {
  const startedAt = Date.now();
  const startedTicks = performance.now();
  return {
    scale,
    now: () => Math.round(startedAt + (performance.now() - startedTicks) * scale),
    async sleep(ms, signal) {
      await delay(ms / scale, undefined, {ref: false, ...(signal && {signal})});
    },
  };
}
