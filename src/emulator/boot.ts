import {type CloudConfig, readCloudConfig} from './boot/cloud-config.js';
import {registerOnce} from './boot/beacon.js';
import {powerOffMs} from './boot/expiry.js';
import {runRealRunner} from './boot/real-runner.js';
import {runnerProcessIn} from './boot/runner-process.js';
import type {Service} from './boot/service.js';
import {simulateRunner} from './boot/simulated-runner.js';
import {type WorkerProcess, workerProcessIn} from './boot/worker-process.js';
import type {Clock} from './clock.js';
import type {Boot, Machine} from './machine.js';

export type BootOptions = {
  readonly clock: Clock;
  /** Emulated milliseconds from power-on to the start of the worker process. */
  readonly bootMs: number;
  /** The software on the machine fails to install: it switches itself off after `bootMs`. */
  readonly failBootstrap?: boolean;
  /** The worker never reaches its CI server, as behind a firewall. */
  readonly neverConnect?: boolean;
  /** Emulated milliseconds from power-on after which the machine hangs: connected, but it answers nothing. */
  readonly hangAfterMs?: number;
  /** The metadata service as start-worker finds it; without one the emulator registers Taskcluster workers itself. */
  readonly metadataUrl?: ((machine: Machine) => string) | undefined;
  /** Told what happens on a machine, one line at a time, never a secret. */
  readonly log?: (machine: Machine, line: string) => void;
};

const beaconRetryMs = 5000;

/** What a unit of the machine runs, and what systemd does when it ends. */
type Program = {
  what: string;
  service: Service;
  /** Gives the exit status. */
  run(isAnswering: () => boolean): Promise<number>;
};

/** Boots a droplet into a worker from nothing but its user-data. */
export function createBoot(options: BootOptions): Boot {
  return async (machine) => {
    const config = readCloudConfig(machine.userData, machine.name);
    void switchOffInTime(machine, config, options);
    const program = programIn(config, machine, options);

    try {
      await options.clock.sleep(options.bootMs, machine.off);
      if (options.failBootstrap) {
        options.log?.(machine, 'bootstrap failed, switching off');
        machine.powerOff();
      } else if (!options.neverConnect) {
        await runService(machine, program, options);
      }
    } catch (error) {
      if (!machine.off.aborted) {
        throw error;
      }
    }

    await untilOff(machine);
  };
}

/** A Taskcluster worker when its user-data starts one, else a Concourse worker. */
function programIn(config: CloudConfig, machine: Machine, options: BootOptions): Program {
  const runner = runnerProcessIn(config);
  if (runner === undefined) {
    const worker = workerProcessIn(config);
    const {service} = worker;
    return {
      what: 'concourse worker',
      service,
      async run(isAnswering) {
        await runBeacon(machine, worker, options, isAnswering);
        return 0;
      },
    };
  }

  return {
    what: 'start-worker',
    service: runner.service,
    async run(isAnswering) {
      const {clock, log, metadataUrl} = options;
      return metadataUrl === undefined
        ? simulateRunner({machine, clock, config: runner.config, isAnswering})
        : runRealRunner({
            machine,
            config: runner.config,
            trusted: runner.trusted,
            metadataUrl: metadataUrl(machine),
            log(line) {
              log?.(machine, line);
            },
          });
    },
  };
}

/** The unit as systemd runs it: until it ends with nothing to start it again, or the machine is off. */
async function runService(machine: Machine, program: Program, options: BootOptions) {
  const {clock, log} = options;
  const {what, service, run} = program;
  const hangsAt = clock.now() - options.bootMs + (options.hangAfterMs ?? Infinity);
  const starts: number[] = [];
  for (;;) {
    starts.push(clock.now());
    const exit = await run(() => clock.now() < hangsAt);
    machine.off.throwIfAborted();
    log?.(machine, `${what} exited with ${exit}`);
    if (!service.isRestartedAfter(exit)) {
      if (exit === 0 && service.powersOffAfterSuccess) {
        machine.powerOff();
      }

      return;
    }

    await clock.sleep(service.restartMs, machine.off);
    const recent = starts.filter((startedAt) => startedAt > clock.now() - service.intervalMs);
    if (recent.length >= service.burst) {
      log?.(machine, `${what} was started too often`);
      if (service.powersOffAtLimit) {
        machine.powerOff();
      }

      return;
    }
  }
}

async function runBeacon(
  machine: Machine,
  worker: WorkerProcess,
  {clock, log}: BootOptions,
  isAnswering: () => boolean,
): Promise<void> {
  const startSeconds = Math.floor(clock.now() / 1000);
  for (;;) {
    try {
      await registerOnce({worker, startSeconds, off: machine.off, isAnswering});
      return;
    } catch (error) {
      machine.off.throwIfAborted();
      log?.(machine, `beacon: ${(error as Error).message}`);
      await clock.sleep(beaconRetryMs, machine.off);
    }
  }
}

async function switchOffInTime(machine: Machine, config: CloudConfig, {clock, log}: BootOptions) {
  const ms = powerOffMs(config);
  if (ms === undefined) {
    return;
  }

  try {
    await sleepLong(clock, ms, machine.off);
  } catch {
    return;
  }

  log?.(machine, 'its time is over, switching off');
  machine.powerOff();
}

/** A timer of Node holds 24 days at most and fires at once beyond that. */
async function sleepLong(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const until = clock.now() + ms;
  for (let left = ms; left > 0; left = until - clock.now()) {
    await clock.sleep(Math.min(left, 1e9 * clock.scale), signal);
  }
}

async function untilOff({off}: Machine): Promise<void> {
  if (!off.aborted) {
    await new Promise((resolve) => {
      off.addEventListener('abort', resolve, {once: true});
    });
  }
}
