import type {Context, Progress} from '../context.js';

/** Seconds by phase. */
export type Seconds = Record<string, number>;

/** Passes progress on and keeps how long each phase takes. */
export function createTimeline({progress, time}: Pick<Context, 'progress' | 'time'>): {
  progress: Progress;
  current(): string;
  /** Ends the last phase and gives them all. */
  end(): Seconds;
} {
  const seconds: Seconds = {};
  let name = 'plan';
  let startedAt = time.now();

  function close() {
    seconds[name] = Math.round((seconds[name] ?? 0) * 1000 + (time.now() - startedAt)) / 1000;
    startedAt = time.now();
  }

  return {
    progress: {
      ...progress,
      phase(next, message) {
        close();
        name = next;
        progress.phase(next, message);
      },
    },
    current: () => name,
    end() {
      close();
      return seconds;
    },
  };
}
