import type {Droplet} from '../../src/emulator/digitalocean/entities.js';
import type {LoggedRequest} from '../../src/emulator/digitalocean/edge.js';
import type {Emulator} from '../../src/emulator/server.js';
import type {Operation} from './plan.js';
import {longName} from './plan-steps.js';

/** An operation under way, as the services see it. */
export type Actor = {
  readonly label: string;
  readonly operation: Operation;
  readonly startedAt: number;
  /** Names of the droplets that it asked for. */
  readonly asked: Set<string>;
};

/** What really is, whatever any listing says. */
export type Truth = {
  /** Everything that broke a rule. */
  readonly violations: string[];
  /** Droplets that exist and were made by an operation. */
  ours(): Droplet[];
  isRegistered(name: string): boolean;
  /** In whatever state: an ATC that hears of no worker during an outage calls them stalled. */
  isListed(name: string): boolean;
  isExpired(droplet: Droplet): boolean;
  /** Takes in a request just before its effect. */
  see(request: LoggedRequest, actor: Actor | undefined): void;
  /** To be called every few emulated seconds. */
  sample(): void;
};

export function createTruth(emulator: Emulator, foreignIds: ReadonlySet<number>): Truth {
  const {digitalOcean, concourse, taskcluster, clock} = emulator;
  const violations: string[] = [];
  const registeredSince = new Map<string, number>();
  const now = () => clock.now() + digitalOcean.settings.clockSkewSeconds * 1000;
  const runningNames = () =>
    new Set([
      ...concourse
        .workers()
        .filter(({state}) => state === 'running')
        .map(({name}) => name),
      ...taskcluster
        .workers()
        .filter((row) => row.state === 'running' && taskcluster.lastActive(row) !== undefined)
        .map(({workerId}) => workerId),
    ]);

  const isExpired = (droplet: Droplet) => {
    const tag = [...droplet.tags.keys()].find((each) => each.startsWith('do-worker:ttl:'));
    return now() > droplet.createdAt + Number(tag?.split(':').at(-1)) * 1000;
  };

  function judgeDelete(droplet: Droplet, {label, operation, asked, startedAt}: Actor): void {
    const {workerName, runKey} = partsOf(droplet.name);
    const since = registeredSince.get(droplet.name) ?? Infinity;
    // It was a good worker before the operation began, and still is.
    const isHealthy =
      droplet.status === 'active' &&
      !droplet.isDestroying &&
      !isExpired(droplet) &&
      since <= startedAt &&
      runningNames().has(droplet.name);
    const isOwn = asked.has(droplet.name);
    const isOfName =
      droplet.tags.has(`do-worker:kind:${operation.ci}`) &&
      (operation.workerName === undefined || operation.workerName.toLowerCase() === workerName);
    const isOfRun =
      operation.kind === 'cleanup' || operation.runKey === undefined || operation.runKey === runKey;
    const isAnyRun = operation.kind === 'create' && operation.runKey === undefined;
    const isMeant = isOwn || (isOfName && isOfRun && !isAnyRun);
    if (!isMeant) {
      violations.push(`${label} deleted ${droplet.name}, which it does not mean`);
    } else if (isHealthy && operation.kind !== 'destroy' && !isOwn) {
      violations.push(`${label} deleted ${droplet.name}, a registered and unexpired worker`);
    }
  }

  return {
    violations,
    ours: () => digitalOcean.droplets().filter(({id}) => !foreignIds.has(id)),
    isRegistered: (name) => runningNames().has(name),
    isListed: (listed) =>
      concourse.workers().some(({name}) => name === listed) || runningNames().has(listed),
    isExpired,

    see({method, path, body}, actor) {
      if (method === 'GET' || actor === undefined) {
        return;
      }

      if (path === '/v2/droplets' && method === 'POST') {
        for (const name of (body as {names: string[]}).names) {
          actor.asked.add(name);
        }

        return;
      }

      if (path === '/v2/account/keys' && method === 'POST' && bringsKey(actor.operation)) {
        return;
      }

      const id = Number(/^\/v2\/droplets\/(?<id>\d+)$/v.exec(path)?.groups?.id);
      if (method === 'DELETE' && id > 0) {
        const droplet = digitalOcean.droplets().find((each) => each.id === id);
        if (foreignIds.has(id)) {
          violations.push(`${actor.label} deleted a foreign droplet: ${droplet?.name}`);
        } else if (droplet !== undefined) {
          judgeDelete(droplet, actor);
        }
      } else if (!(method === 'DELETE' && path.startsWith('/v2/tags/'))) {
        violations.push(`${actor.label} sent ${method} ${path}`);
      }
    },

    sample() {
      const running = runningNames();
      for (const name of registeredSince.keys()) {
        if (!running.has(name)) {
          registeredSince.delete(name);
        }
      }

      for (const name of running) {
        registeredSince.set(name, registeredSince.get(name) ?? clock.now());
      }
    },
  };
}

function bringsKey(operation: Operation): boolean {
  return operation.kind === 'create' && operation.hasOwnKey;
}

/** Read from the right: a worker name may have hyphens. */
export function partsOf(dropletName: string): {workerName: string; runKey: string} {
  const parts = dropletName.split('-');
  const beginning = parts.slice(0, -2).join('-');
  const workerName = beginning.startsWith(longName.slice(0, 13)) ? longName : beginning;
  return {workerName, runKey: parts.at(-2) ?? ''};
}
