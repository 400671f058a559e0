import {createBoot} from './boot.js';
import {createClock, type Clock} from './clock.js';
import {startConcourse, type ConcourseEmulator} from './concourse/server.js';
import {startDigitalOcean, type DigitalOceanEmulator} from './digitalocean/server.js';
import {worldSwitches, type EmulatorOptions} from './options.js';
import type {Seed} from './seed.js';
import {withDefaults} from './switches.js';
import {startTaskcluster, type TaskclusterEmulator} from './taskcluster/server.js';

export type Emulator = AsyncDisposable & {
  /** What a shell exports to use it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly digitalOcean: DigitalOceanEmulator;
  readonly concourse: ConcourseEmulator;
  readonly taskcluster: TaskclusterEmulator;
  readonly clock: Clock;
  close(): Promise<void>;
};

type Start = Omit<EmulatorOptions, 'seed'> & {seed?: Seed};

/** DigitalOcean, Concourse and Taskcluster on loopback ports; a droplet in the first becomes a worker in another. */
export async function startEmulator(given: Start = {}): Promise<Emulator> {
  const {
    seed,
    ports = {},
    faults,
    concourseFaults,
    taskclusterFaults,
    ...options
  } = {...given.seed?.switches, ...given};
  const {timeScale, hangAfterMs, simulateRunner, ...bootOptions} = withDefaults(
    worldSwitches,
    options,
  );
  const clock = createClock(timeScale);
  const concourse = await startConcourse({
    clock,
    options: {...options, ...(concourseFaults && {faults: concourseFaults})},
    ports: {http: ports.concourse ?? 0, tsa: ports.tsa ?? 0},
  });

  const taskcluster = await startTaskcluster({
    clock,
    options: {...options, ...(taskclusterFaults && {faults: taskclusterFaults})},
    port: ports.taskcluster ?? 0,
  });

  const boot = createBoot({
    clock,
    ...bootOptions,
    ...(hangAfterMs > 0 && {hangAfterMs}),
    metadataUrl: simulateRunner ? undefined : ({id}) => `${digitalOcean.url}/droplets/${id}`,
    log(machine, line) {
      digitalOcean.note(machine.id, line);
    },
  });
  const digitalOcean = await startDigitalOcean({
    clock,
    boot,
    options: {...options, ...(seed && {seed}), ...(faults && {faults})},
    port: ports.digitalOcean,
  }).catch(async (error: unknown) => {
    await Promise.all([concourse.close(), taskcluster.close()]);
    throw error;
  });

  const close = async () => {
    await digitalOcean.close();
    await Promise.all([concourse.close(), taskcluster.close()]);
  };

  return {
    environment: environmentOf(digitalOcean, concourse, taskcluster),
    digitalOcean,
    concourse,
    taskcluster,
    clock,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function environmentOf(
  {url, token}: DigitalOceanEmulator,
  concourse: ConcourseEmulator,
  taskcluster: TaskclusterEmulator,
): Record<string, string> {
  return {
    DIGITALOCEAN_ACCESS_TOKEN: token,
    DO_WORKER_DIGITALOCEAN_URL: url,
    DO_WORKER_CONCOURSE_URL: concourse.url,
    DO_WORKER_CONCOURSE_USERNAME: concourse.username,
    DO_WORKER_CONCOURSE_PASSWORD: concourse.password,
    DO_WORKER_TSA_HOST: concourse.tsaHost,
    DO_WORKER_TSA_PORT: String(concourse.tsaPort),
    TASKCLUSTER_ROOT_URL: taskcluster.url,
    TASKCLUSTER_CLIENT_ID: taskcluster.clientId,
    TASKCLUSTER_ACCESS_TOKEN: taskcluster.accessToken,
    DO_WORKER_WORKER_POOL: taskcluster.pool,
  };
}
