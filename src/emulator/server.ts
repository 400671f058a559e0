import {createBoot} from './boot.js';
import {createClock, type Clock} from './clock.js';
import {startConcourse, type ConcourseEmulator} from './concourse/server.js';
import {startDigitalOcean, type DigitalOceanEmulator} from './digitalocean/server.js';
import {worldSwitches, type EmulatorOptions} from './options.js';
import type {Seed} from './seed.js';
import {withDefaults} from './switches.js';

export type Emulator = AsyncDisposable & {
  /** What a shell exports to use it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly digitalOcean: DigitalOceanEmulator;
  readonly concourse: ConcourseEmulator;
  readonly clock: Clock;
  close(): Promise<void>;
};

type Start = Omit<EmulatorOptions, 'seed'> & {seed?: Seed};

/** DigitalOcean and Concourse on loopback ports; a droplet in the one becomes a worker in the other. */
export async function startEmulator(given: Start = {}): Promise<Emulator> {
  const {
    seed,
    ports = {},
    faults,
    concourseFaults,
    ...options
  } = {...given.seed?.switches, ...given};
  const {timeScale, hangAfterMs, ...bootOptions} = withDefaults(worldSwitches, options);
  const clock = createClock(timeScale);
  const concourse = await startConcourse({
    clock,
    options: {...options, ...(concourseFaults && {faults: concourseFaults})},
    ports: {http: ports.concourse ?? 0, tsa: ports.tsa ?? 0},
  });

  const boot = createBoot({
    clock,
    ...bootOptions,
    ...(hangAfterMs > 0 && {hangAfterMs}),
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
    await concourse.close();
    throw error;
  });

  const close = async () => {
    await Promise.all([digitalOcean.close(), concourse.close()]);
  };

  return {
    environment: environmentOf(digitalOcean, concourse),
    digitalOcean,
    concourse,
    clock,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function environmentOf(
  {url, token}: DigitalOceanEmulator,
  concourse: ConcourseEmulator,
): Record<string, string> {
  return {
    DIGITALOCEAN_ACCESS_TOKEN: token,
    DO_WORKER_DIGITALOCEAN_URL: url,
    DO_WORKER_CONCOURSE_URL: concourse.url,
    DO_WORKER_CONCOURSE_USERNAME: concourse.username,
    DO_WORKER_CONCOURSE_PASSWORD: concourse.password,
    DO_WORKER_TSA_HOST: concourse.tsaHost,
    DO_WORKER_TSA_PORT: String(concourse.tsaPort),
  };
}
