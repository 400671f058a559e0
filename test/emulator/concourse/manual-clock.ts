import type {Clock} from '../../../src/emulator/clock.js';

export type ManualClock = Clock & {pass(seconds: number): void};

/** Emulated time that passes only when told to. */
export function manualClock(): ManualClock {
  let now = Date.UTC(2026, 7, 12);
  const sleepers = new Set<{until: number; wake: () => void}>();
  return {
    scale: 1,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const sleeper = {until: now + ms, wake: resolve};
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      });
    },
    pass(seconds) {
      now += seconds * 1000;
      for (const sleeper of sleepers) {
        if (!(sleeper.until <= now)) {
          continue;
        }

        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
