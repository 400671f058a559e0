import {ApiError} from './api-error.js';
import type {World} from './world.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type RateLimiter = {
  /** Counts a request; throws the 429 when it is one too many. */
  take(isKeyList: boolean): void;
  headers(): Record<string, string>;
};

/** Limits by the hour and the minute of emulated time, both sliding; a refused request does not count. */
export function createRateLimiter({clock, settings, now}: World): RateLimiter {
  const hour = createWindow(clock.now, hourMs);
  const minute = createWindow(clock.now, minuteMs);
  const keyLists = createWindow(clock.now, minuteMs);

  const resetAt = (expiry: number) => String(Math.ceil((expiry + now() - clock.now()) / 1000));
  const headers = () => {
    const limit = settings.hourlyLimit === 0 ? 5000 : settings.hourlyLimit;
    return {
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(Math.max(0, limit - hour.count())),
      'ratelimit-reset': resetAt(hour.expiry()),
    };
  };

  const refuse = (changed: Record<string, string>) =>
    new ApiError(429, 'API rate limit exceeded.', {'ratelimit-remaining': '0', ...changed});

  return {
    headers,
    take(isKeyList) {
      if (settings.hourlyLimit > 0 && hour.count() >= settings.hourlyLimit) {
        throw refuse({});
      }

      if (settings.burstLimit > 0 && minute.count() >= settings.burstLimit) {
        const waitMs = minute.expiry() - clock.now();
        throw refuse({'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000)))});
      }

      if (isKeyList && settings.keyListLimit > 0) {
        if (keyLists.count() >= settings.keyListLimit) {
          throw refuse({'ratelimit-reset': resetAt(keyLists.expiry())});
        }

        keyLists.add();
      }

      hour.add();
      minute.add();
    },
  };
}

/** Each entry leaves a fixed time after it came. */
function createWindow(now: () => number, lengthMs: number) {
  let entries: number[] = [];
  let first = 0;

  const prune = () => {
    const horizon = now() - lengthMs;
    while (first < entries.length && entries[first]! <= horizon) {
      first++;
    }

    if (!(first > 1000)) {
      return;
    }

    entries = entries.slice(first);
    first = 0;
  };

  return {
    add() {
      entries.push(now());
    },
    count() {
      prune();
      return entries.length - first;
    },
    /** When the oldest entry leaves. */
    expiry() {
      prune();
      return (entries[first] ?? now()) + lengthMs;
    },
  };
}
