import pRetry from 'p-retry';
import {ActionableError, ApiError, NoAnswer} from '../errors.js';
import type {Context} from '../context.js';

/** Not there yet: ask again. What a person sees of it when time is up. */
export class StillWaiting extends ActionableError {
  constructor(message: string, suggestions: string[] = []) {
    super('STILL_WAITING', message, suggestions);
  }
}

/** How long a new droplet or key may be missing from DigitalOcean's answers (facts 1, 8), and how often to look. */
export const lagSeconds = 60;
export const lagPollSeconds = 5;

/** Calls `attempt` at a constant interval for as long as it throws StillWaiting, and then throws that. */
export async function pollUntil<T>(
  attempt: () => Promise<T>,
  {everySeconds, forSeconds}: {everySeconds: number; forSeconds: number},
  {time, signal}: Pick<Context, 'time' | 'signal'>,
): Promise<T> {
  return pRetry(attempt, {
    retries: Math.ceil(forSeconds / everySeconds),
    maxRetryTime: forSeconds * time.secondMs,
    factor: 1,
    minTimeout: everySeconds * time.secondMs,
    signal,
    shouldRetry: ({error}) => error instanceof StillWaiting,
  });
}

/** Whether what was asked may have been done all the same: only a refusal by the service itself says no. */
export function isUncertain(error: unknown): error is NoAnswer | ApiError {
  return error instanceof NoAnswer || (error instanceof ApiError && !error.isRefusal);
}

/** Whether a request was not sent, because the limit lifts too late. */
export function isRateLimited(error: unknown): error is ActionableError {
  return error instanceof ActionableError && error.code === 'RATE_LIMITED';
}

/** Turns a failure that may pass by itself into StillWaiting, so that a long wait outlives it. */
export function orStillWaiting(error: unknown): never {
  const isRetryable =
    error instanceof NoAnswer ||
    (error instanceof ApiError && (!error.isRefusal || error.status === 429));
  const isPassing = isRetryable || isRateLimited(error);
  throw isPassing ? new StillWaiting(error.message, error.suggestions) : error;
}
