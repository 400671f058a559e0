import type {Forward} from './forwards.js';
import type {CommandRun} from './tsa-commands.js';
import {askAtc, heartbeatWorker, registerWorker} from './worker-actions.js';
import type {Beat, Worker} from './world.js';

type Tunnel = {readonly garden: Forward; readonly baggageclaim: Forward};

const retryMs = 1000;
// Real milliseconds: on a fast clock the row is kept alive at every heartbeat, but tunnel and output are spared.
const eventAtMostEveryMs = (workers: number) => Math.max(200, workers * 10);
const pingAtMostEveryMs = (workers: number) => Math.max(500, workers * 20);

/** Registers a worker and keeps its row alive; ends with the exit status of forward-worker. */
export async function keepAlive(
  run: CommandRun,
  registration: Record<string, unknown>,
  tunnel: Tunnel,
): Promise<number> {
  const {world, cancelled, channel, forwards} = run;
  const {heartbeatMs, registerDelayMs} = world.settings;
  const worker = {
    ...registration,
    addr: `127.0.0.1:${tunnel.garden.boundPort}`,
    baggageclaim_url: `http://127.0.0.1:${tunnel.baggageclaim.boundPort}`,
  };
  const name = String(registration.name);
  let isRegistered = false;
  let pingedAt = -Infinity;
  let spokeAt = -Infinity;

  return new Promise((resolve) => {
    const entry: Beat = {nextAt: world.clock.now() + registerDelayMs, beat};
    const end = (exit: number) => {
      world.beats.delete(entry);
      resolve(exit);
    };

    if (cancelled.aborted) {
      end(0);
      return;
    }

    cancelled.addEventListener('abort', () => {
      end(0);
    });
    world.beats.add(entry);
    if (registerDelayMs === 0) {
      beat(world.clock.now());
    }

    function beat(now: number): void {
      if (performance.now() - pingedAt < pingAtMostEveryMs(world.beats.size)) {
        report(now);
        return;
      }

      entry.nextAt = Infinity;
      const release = holdRow();
      void isHealthy().then((healthy) => {
        release();
        pingedAt = healthy ? performance.now() : -Infinity;
        if (healthy && world.beats.has(entry)) {
          report(world.clock.now());
        } else {
          entry.nextAt = world.clock.now() + retryMs;
        }
      });
    }

    /** A ping takes real time, in which a fast clock must not let the row expire. */
    function holdRow(): () => void {
      const wasHealthy = pingedAt !== -Infinity;
      const row = isRegistered && wasHealthy ? world.rows.get(name) : undefined;
      const expiresAt = row?.expiresAt;
      if (row) {
        row.expiresAt = undefined;
      }

      return () => {
        if (row && row.worker.state !== 'stalled') {
          row.expiresAt ??= expiresAt;
        }
      };
    }

    async function isHealthy(): Promise<boolean> {
      const answers = await Promise.all([
        forwards.ping(tunnel.garden, '/containers'),
        forwards.ping(tunnel.baggageclaim, '/volumes'),
      ]);
      return answers.every(Boolean);
    }

    function report(now: number): void {
      entry.nextAt = now + heartbeatMs;
      if (!isRegistered) {
        register(now);
        return;
      }

      const {status, body} = askAtc(world, 'PUT', `/api/v1/workers/${name}/heartbeat`, () =>
        heartbeatWorker(world, name, world.ttlMs),
      );
      if (status === 404 || (body as Worker | undefined)?.state === 'landed') {
        end(0);
      } else if (status === 200) {
        say('heartbeated');
      } else {
        entry.nextAt = now + retryMs;
      }
    }

    function register(now: number): void {
      const {status} = askAtc(world, 'POST', '/api/v1/workers', () =>
        registerWorker(world, worker, world.ttlMs),
      );
      isRegistered = status === 200;
      if (isRegistered) {
        say('registered');
      } else {
        entry.nextAt = now + retryMs;
      }
    }

    function say(event: 'registered' | 'heartbeated'): void {
      if (event === 'heartbeated') {
        if (performance.now() - spokeAt < eventAtMostEveryMs(world.beats.size)) {
          return;
        }

        spokeAt = performance.now();
      }

      if (channel.writable) {
        channel.write(`${JSON.stringify({event})}\n`);
      }
    }
  });
}
