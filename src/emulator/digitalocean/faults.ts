import type {DigitalOceanSettings} from './options.js';

/**
 What can go wrong on the way. `status`, `html` and `drop-before` answer in place of the API;
 `drop-after`, `error-after` and `hang-after` come when the effect is done; `slow` delays; a `hang` never answers.
 */
export type FaultKind =
  'status' | 'html' | 'drop-before' | 'drop-after' | 'error-after' | 'slow' | 'hang' | 'hang-after';

export type Fault = {
  /** Every method when left out. */
  method?: string;
  /** Path with query as sent: a prefix when it starts with a slash, else the source of a regular expression (v flag). */
  path: string;
  /** Matching requests to leave alone first. */
  after?: number;
  /** Requests to hit; all when left out. */
  times?: number;
  kind: FaultKind;
  status?: number;
  message?: string;
  ms?: number;
  headers?: Record<string, string>;
};

type Counts = {seen: number; hit: number};

const pathOfCreate = /^\/v2\/droplets\/?(?:\?|$)/v;

/** Gives the function that takes a request's fault, from the list first, then from what the switches ask for. */
export function createFaultFinder(faults: Fault[], settings: DigitalOceanSettings) {
  const counts = new WeakMap<Fault, Counts>();

  return (method: string, path: string): Fault | undefined => {
    let found: Fault | undefined;
    for (const fault of faults) {
      if (!isHit(fault, method, path)) {
        continue;
      }

      const count = counts.get(fault) ?? {seen: 0, hit: 0};
      counts.set(fault, count);
      count.seen++;
      const isDue = count.seen > (fault.after ?? 0) && count.hit < (fault.times ?? Infinity);
      if (found !== undefined || !isDue) {
        continue;
      }

      count.hit++;
      found = fault;
    }

    return found ?? switchedFault(settings, method, path);
  };
}

function isHit(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) {
    return false;
  }

  return fault.path.startsWith('/')
    ? path.startsWith(fault.path)
    : new RegExp(fault.path, 'v').test(path);
}

function switchedFault(
  settings: DigitalOceanSettings,
  method: string,
  path: string,
): Fault | undefined {
  if (settings.htmlErrors > 0) {
    settings.htmlErrors--;
    return {path, kind: 'html', status: settings.htmlErrors % 2 === 0 ? 502 : 503};
  }

  if (method === 'POST' && pathOfCreate.test(path)) {
    if (settings.dropCreates > 0) {
      settings.dropCreates--;
      return {path, kind: 'drop-after'};
    }

    if (settings.errorCreates > 0) {
      settings.errorCreates--;
      return {path, kind: 'error-after'};
    }
  }

  return settings.failPage > 0 && new RegExp(`[?&]page=${settings.failPage}(?:&|$)`, 'v').test(path)
    ? {path, kind: 'status', status: 500}
    : undefined;
}
