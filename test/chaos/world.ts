import type {Droplet} from '../../src/emulator/digitalocean/entities.js';
import type {LoggedRequest} from '../../src/emulator/digitalocean/edge.js';
import type {EmulatorOptions} from '../../src/emulator/options.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {foreignDroplets, foreignWorkers, staleWorker} from './foreign.js';
import {addForeignRecords} from './foreign-records.js';
import {startForward, type Forward} from './forward.js';
import type {Operation, Plan} from './plan.js';
import {createTruth, type Actor, type Truth} from './truth.js';

/** Called at each request of an operation to DigitalOcean; a promise that never ends leaves it unanswered. */
export type AtRequest = (when: 'before' | 'after') => Promise<void> | void;

/** A way of its own to the emulator for one operation, so that its requests are known. */
export type Line = {readonly emulator: Emulator; readonly actor: Actor};

export type World = AsyncDisposable & {
  readonly emulator: Emulator;
  readonly truth: Truth;
  readonly foreign: ReadonlyMap<Droplet, string>;
  /** What happened, for people. */
  readonly story: string[];
  tell(line: string): void;
  open(label: string, operation: Operation, atRequest?: AtRequest): Promise<Line>;
  /** Names of the droplets that the operation asked for. */
  askedBy(label: string): ReadonlySet<string>;
  setTsa(isOpen: boolean): void;
  /** Gives the function that tells whether nothing has gone wrong at Concourse since. */
  watchConcourse(): () => boolean;
  /** Taskcluster's workers that are not ours, by group and id. */
  readonly foreignRecords: ReadonlySet<string>;
  /** As if they had gone on asking for work for so long. */
  keepForeignActive(seconds: number): void;
  /** Droplets that nobody may know of but by their tags: of what was killed, or told of as left. */
  readonly forsaken: Set<string>;
  /** From now on everything works. */
  mend(): void;
};

const externalUrl = 'https://ci.example.com';

/** The services with everything that the plan puts into them. */
export async function startWorld(plan: Plan, timeScale: number): Promise<World> {
  const actors = new Map<string, {actor: Actor; atRequest: AtRequest | undefined}>();
  const forwards: Forward[] = [];
  const story: string[] = [];
  const startedAt = Date.now();
  const tell = (line: string) => {
    const seconds = ((Date.now() - startedAt) / 1000) * timeScale;
    story.push(`${seconds.toFixed(1).padStart(7)} s  ${line}`);
  };

  const entryOf = ({headers}: LoggedRequest) => actors.get(headers.host ?? '');
  const emulator = await startEmulator({
    ...plan.switches,
    timeScale,
    externalUrl,
    faults: plan.faults.map((fault) => ({...fault})),
    concourseFaults: plan.concourseFaults,
    taskclusterFaults: plan.taskclusterFaults,
    simulateRunner: true,
    async onRequest(request) {
      const entry = entryOf(request);
      await entry?.atRequest?.('before');
      truth.see(request, entry?.actor);
    },
    async onResponse(request) {
      const entry = entryOf(request);
      if (request.method !== 'GET' && entry !== undefined) {
        const fault = request.fault === undefined ? '' : ` (${request.fault})`;
        tell(`${entry.actor.label}: ${request.method} ${request.path}${fault}`);
      }

      await entry?.atRequest?.('after');
    },
  });

  const {digitalOcean, concourse} = emulator;
  const seeds = foreignDroplets(ciIdOf(externalUrl));
  const foreign = new Map(
    plan.foreign.map((what) => {
      const [droplet] = digitalOcean.add(seeds[what]!);
      return [droplet!, described(droplet!)];
    }),
  );
  for (const worker of [...foreignWorkers, ...(plan.hasStaleWorker ? [staleWorker] : [])]) {
    concourse.addWorker({...worker, tags: worker.tags && [...worker.tags]});
  }

  const records = addForeignRecords(emulator, plan.hasStaleWorker);
  const truth = createTruth(emulator, new Set([...foreign.keys()].map(({id}) => id)));
  const sampling = setInterval(truth.sample, Math.max(10, 2000 / timeScale));
  const forward = async (port: number) => {
    const opened = await startForward(port);
    forwards.push(opened);
    return opened;
  };

  const tsa = await forward(concourse.tsaPort);
  let isTsaOpen = true;
  let closings = 0;
  const setTsa = (isOpen: boolean) => {
    isTsaOpen = isOpen;
    closings += isOpen ? 0 : 1;
    tsa.setOpen(isOpen);
  };

  return {
    emulator,
    truth,
    foreign,
    story,
    tell,
    async open(label, operation, atRequest) {
      const {port} = await forward(Number(new URL(digitalOcean.url).port));
      const host = `127.0.0.1:${port}`;
      const actor = {label, operation, startedAt: emulator.clock.now(), asked: new Set<string>()};
      actors.set(host, {actor, atRequest});
      return {
        actor,
        emulator: {
          ...emulator,
          digitalOcean: {...digitalOcean, url: `http://${host}`},
          concourse: {...concourse, tsaPort: tsa.port},
          environment: {
            ...emulator.environment,
            DO_WORKER_DIGITALOCEAN_URL: `http://${host}`,
            DO_WORKER_TSA_PORT: String(tsa.port),
          },
        },
      };
    },
    askedBy: (label) =>
      [...actors.values()].find(({actor}) => actor.label === label)?.actor.asked ?? new Set(),
    setTsa,
    watchConcourse() {
      const wasOpen = isTsaOpen;
      const troubles = () => closings + concourse.spoiled();
      const before = troubles();
      return () => wasOpen && troubles() === before;
    },
    keepForeignActive: records.keepActive,
    foreignRecords: records.names,
    forsaken: new Set(),
    mend() {
      digitalOcean.faults.length = 0;
      Object.assign(digitalOcean.settings, harmless);
      concourse.clearFaults();
      emulator.taskcluster.clearFaults();
      setTsa(true);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sampling);
      for (const each of forwards) {
        each.close();
      }

      await emulator.close();
    },
  };
}

const harmless: EmulatorOptions = {
  listLagMs: 0,
  tagLagMs: 0,
  getLagMs: 0,
  deleteLagMs: 0,
  keyLagMs: 0,
  destroyMs: 0,
  slowMs: 0,
  ignoreDeletes: 0,
  failCreate: 0,
  pendingEventOnCreate: false,
  burstLimit: 0,
  hourlyLimit: 5000,
  closedRegions: [],
  omitTags: false,
  dropTags: false,
  accountStatus: 'active',
  failPage: 0,
};

/** All of it that an operation could change. */
export function described({name, tags, status, isDestroying}: Droplet): string {
  return JSON.stringify({name, tags: [...tags.keys()], status, isDestroying});
}
