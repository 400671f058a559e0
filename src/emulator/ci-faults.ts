const kinds = ['status', 'html', 'drop', 'lost', 'slow', 'hang', 'hang-after'] as const;

export type Fault = {
  /** GET, PUT, ...; "*" is every method. */
  readonly method: string;
  /** An exact path, where "*" stands for one or more characters. */
  readonly path: string;
  /** Matching requests that still pass before the fault begins; 0 when not given. */
  readonly after?: number;
  /** Requests it then spoils; every one when not given. */
  readonly times?: number;
  /**
   Status: that status, a 401 and a 403 in the service's own words. html: a load balancer's page. drop: the connection
   ends, nothing happened. lost: the request takes effect, then the connection ends. slow: the answer comes `ms`
   emulated milliseconds late. hang: nothing happens, and no answer ever comes. hang-after: nor does one to a request
   that takes effect.
   */
  readonly kind: (typeof kinds)[number];
  readonly status?: number;
  readonly ms?: number;
};

/**
 * Called before a request has its effect, and after it with the same object; until its promise is fulfilled, the request
 * waits.
 */
export type AtRequest = (
  when: 'before' | 'after',
  request: {readonly method: string; readonly path: string},
) => void | Promise<void>;

export type Faults = {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that spoils this request, counted as used. */
  take(method: string, path: string): Fault | undefined;
  /** How many requests were spoiled so far. */
  count(): number;
};

/** A list of faults, each with counts of its own; of several that are due, the first is taken. */
export function createFaults(initial: readonly Fault[]): Faults {
  let active = initial.map((fault) => activate(fault));
  let count = 0;
  return {
    add(fault) {
      active.push(activate(fault));
    },
    clear() {
      active = [];
    },
    take(method, path) {
      for (const entry of active) {
        if (entry.left === 0 || !entry.matches(method, path)) {
          continue;
        }

        if (entry.passes > 0) {
          entry.passes--;
          continue;
        }

        entry.left--;
        count++;
        return entry.fault;
      }

      return undefined;
    },
    count: () => count,
  };
}

/** A fault in one line, such as `PUT /api/v1/workers status=502 after=1 times=2`, `GET * slow=5000` or `* * drop`. */
export function parseFault(text: string): Fault {
  const [method = '', path = '', what = '', ...counts] = text.trim().split(/\s+/v);
  const [kind = '', value] = what.split('=', 2);
  if (!isKind(kind)) {
    throw new Error(`"${text}" is not a fault: METHOD PATH KIND[=NUMBER] [after=N] [times=N]`);
  }

  const number = value === undefined ? {} : {[kind === 'slow' ? 'ms' : 'status']: Number(value)};
  const limits = counts.map((count) => count.split('=')).map(([name, n]) => [name, Number(n)]);
  return {method, path, kind, ...number, ...(Object.fromEntries(limits) as Partial<Fault>)};
}

function isKind(text: string): text is Fault['kind'] {
  return (kinds as readonly string[]).includes(text);
}

function activate(fault: Fault) {
  const parts = fault.path
    .split('*')
    .map((part) => part.replaceAll(/[$\(\)*+.?\[\\\]^\{\|\}]/gv, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join('.+')}$`, 'v');
  return {
    fault,
    passes: fault.after ?? 0,
    left: fault.times ?? Infinity,
    matches: (method: string, path: string) =>
      (fault.method === '*' || fault.method === method) &&
      (fault.path === '*' || pattern.test(path)),
  };
}

/** Whether the connection of such a request ends without an answer. */
export function isCut({kind}: Fault): boolean {
  return ['drop', 'lost', 'hang', 'hang-after'].includes(kind);
}

/** Whether such a request takes effect, whatever becomes of its answer. */
export function hasEffect({kind}: Fault): boolean {
  return ['lost', 'slow', 'hang-after'].includes(kind);
}
