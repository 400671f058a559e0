import {type CloudConfig, readCloudConfig} from './boot/cloud-config.js';
import {registerOnce} from './boot/beacon.js';
import {powerOffMs} from './boot/expiry.js';
import {type WorkerProcess, workerProcessIn} from './boot/worker-process.js';
import type {Clock} from './clock.js';
import type {Boot, Machine} from './machine.js';

export type BootOptions = {
  readonly clock: Clock;
  /** Emulated milliseconds from power-on to the start of the worker process. */
  readonly bootMs: number;
  /** The software on the machine fails to install: it switches itself off after `bootMs`. */
  readonly failBootstrap?: boolean;
  /** The worker never reaches the TSA, as behind a firewall. */
  readonly neverConnect?: boolean;
  /** Emulated milliseconds from power-on after which the machine hangs: connected, but it answers nothing. */
  readonly hangAfterMs?: number;
  /** Told what happens on a machine, one line at a time, never a secret. */
  readonly log?: (machine: Machine, line: string) => void;
};

const beaconRetryMs = 5000;

/** Boots a droplet into a Concourse worker from nothing but its user-data. */
export function createBoot(options: BootOptions): Boot {
  return async (machine) => {
    const config = readCloudConfig(machine.userData, machine.name);
    void switchOffInTime(machine, config, options);
    const worker = workerProcessIn(config);

    try {
      await options.clock.sleep(options.bootMs, machine.off);
      if (options.failBootstrap) {
        options.log?.(machine, 'bootstrap failed, switching off');
        machine.powerOff();
      } else if (!options.neverConnect) {
        await runWorker(machine, worker, options);
      }
    } catch (error) {
      if (!machine.off.aborted) {
        throw error;
      }
    }

    await untilOff(machine);
  };
}

/** The unit as systemd runs it: until it exits with nothing to start it again, or the machine is off. */
async function runWorker(machine: Machine, worker: WorkerProcess, options: BootOptions) {
  const poweredOnAt = options.clock.now() - options.bootMs;
  const hangsAt = poweredOnAt + (options.hangAfterMs ?? Infinity);
  const {clock, log} = options;
  const {restart} = worker;
  const starts: number[] = [];
  for (;;) {
    starts.push(clock.now());
    await runBeacon(machine, worker, options, hangsAt);
    log?.(machine, 'concourse worker exited with 0');
    if (!restart) {
      return;
    }

    await clock.sleep(restart.afterMs, machine.off);
    const recent = starts.filter((startedAt) => startedAt > clock.now() - restart.intervalMs);
    if (recent.length >= restart.burst) {
      log?.(machine, 'concourse worker was started too often');
      if (restart.powersOffAtLimit) {
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
  hangsAt: number,
): Promise<void> {
  const startSeconds = Math.floor(clock.now() / 1000);
  const isAnswering = () => clock.now() < hangsAt;
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
