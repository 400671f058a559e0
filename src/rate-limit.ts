import {setTimeout as delay} from 'node:timers/promises';
import PQueue from 'p-queue';
import {ActionableError} from './errors.js';

type Headers = Record<string, string | string[] | undefined>;

/** Keeps a process below a service's limits, so that it seldom hears of them. */
export type RateLimit = {
  /** Calls `task` when its turn has come; deletes come first, because they end costs. */
  run<T>(method: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Takes in what an answer says of the limits. */
  observe(status: number, headers: Headers): void;
  /** The service's own time at its last answer, in milliseconds; undefined before it gave one. */
  serviceTime(): number | undefined;
  /** How many requests were sent. */
  sent(): number;
  /** From now on all requests may use what is kept for deletes: they serve to end costs. */
  openReserve(): void;
};

export type RateLimitOptions = {
  /** Whose limit it is. */
  service: string;
  secondMs: number;
  perMinute?: number;
  /** The part of the hourly budget that only deletes may use. */
  reserve?: number;
};

const concurrency = 16;
/** A limit that lifts later than this is the caller's to wait for. */
const longestWaitSeconds = 300;

/** Without limits of its own, only what a 429 says is obeyed. */
export function createRateLimit({
  service,
  secondMs,
  perMinute = Infinity,
  ...options
}: RateLimitOptions): RateLimit {
  const queue = new PQueue({
    concurrency,
    ...(Number.isFinite(perMinute) && {
      intervalCap: perMinute,
      // A request may take less time to arrive than the one a minute ago.
      interval: Math.ceil(61 * secondMs),
      strict: true,
    }),
  });
  let reserve = options.reserve ?? 0;
  let pausedUntil = 0;
  let remaining = Infinity;
  let resetAt = 0;
  let serviceTime: number | undefined;
  let sent = 0;

  async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (ms > longestWaitSeconds * secondMs) {
      throw new ActionableError(
        'RATE_LIMITED',
        `The rate limit of ${service} is used up, for ${Math.ceil(ms / secondMs / 60)} minutes more`,
        ['Try again then, or with a token that nothing else uses: its limit is its own'],
      );
    }

    await delay(ms, undefined, {...(signal && {signal})});
  }

  return {
    async run(method, task, signal) {
      const turn = async () => {
        const isDelete = method === 'DELETE';
        for (;;) {
          const until = Math.max(pausedUntil, !isDelete && remaining <= reserve ? resetAt : 0);
          const ms = until - performance.now();
          if (ms <= 0) {
            break;
          }

          await wait(ms, signal);
        }

        // One more may have expired by now: the next answer says how many there are.
        remaining = Math.max(remaining, reserve) - (isDelete ? 0 : 1);
        sent++;
        return task();
      };

      return queue.add(turn, {priority: method === 'DELETE' ? 1 : 0, ...(signal && {signal})});
    },

    observe(status, headers) {
      const now = performance.now();
      const date = Date.parse(text(headers.date));
      if (!Number.isNaN(date)) {
        serviceTime = date;
      }

      const resetSeconds = Number(text(headers['ratelimit-reset'])) - date / 1000;
      const retryAfter = Number(text(headers['retry-after']));
      if (status === 429) {
        const seconds = retryAfter > 0 ? retryAfter : resetSeconds > 0 ? resetSeconds : 1;
        pausedUntil = Math.max(pausedUntil, now + (seconds + Math.random() / 2) * secondMs);
      } else if (text(headers['ratelimit-remaining']) !== '' && resetSeconds >= 0) {
        remaining = Number(text(headers['ratelimit-remaining']));
        resetAt = now + (resetSeconds + Math.random() / 2) * secondMs;
      }
    },

    serviceTime: () => serviceTime,
    sent: () => sent,
    openReserve() {
      reserve = 0;
    },
  };
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
