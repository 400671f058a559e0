import type {Connection} from 'ssh2';
import type {Clock} from '../clock.js';

export type Forward = {readonly host: string; readonly port: number; readonly boundPort: number};

export type Forwards = {
  /** The next forward the client asked for, or undefined when none comes in time. */
  next(waitMs: number, signal: AbortSignal): Promise<Forward | undefined>;
  /** Whether the worker answers a GET through the tunnel. */
  ping(forward: Forward, path: string): Promise<boolean>;
};

const maxForwards = 2;
const pingTimeoutMs = 5000;
const pingTicks = 10;
const leastTickMs = 100;
let nextBoundPort = 20_000;

/** Grants the first two forwards that a connection asks for; nothing listens on the ports it answers with. */
export function createForwards(connection: Connection, clock: Clock): Forwards {
  const queue: Forward[] = [];
  const waiting: Array<() => void> = [];
  let asked = 0;

  connection.on('request', (accept, reject, name, info) => {
    if (name !== 'tcpip-forward' || ++asked > maxForwards) {
      reject?.();
      return;
    }

    // No listener behind it: nothing but the gateway's own pings goes through the tunnel here.
    nextBoundPort = nextBoundPort >= 60_000 ? 20_000 : nextBoundPort + 1;
    const boundPort = nextBoundPort;
    queue.push({host: info.bindAddr, port: info.bindPort, boundPort});
    accept?.(boundPort);
    waiting.shift()?.();
  });

  return {
    async next(waitMs, signal) {
      if (queue.length === 0) {
        const late = new AbortController();
        const arrived = new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
        const timeUp = clock
          .sleep(waitMs, AbortSignal.any([late.signal, signal]))
          .catch(() => undefined);
        await Promise.race([arrived, timeUp]);
        late.abort();
      }

      return queue.shift();
    },
    async ping(forward, path) {
      const tickMs = Math.max(leastTickMs, pingTimeoutMs / clock.scale / pingTicks);
      return isAnswering(connection, forward, path, tickMs);
    },
  };
}

async function isAnswering(connection: Connection, forward: Forward, path: string, tickMs: number) {
  return new Promise<boolean>((resolve) => {
    const settle = (isHealthy: boolean) => {
      clearInterval(timer);
      resolve(isHealthy);
    };

    // Counted in ticks: on a busy machine one long timer may fire before the answer that waits is read.
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === pingTicks) {
        settle(false);
      }
    }, tickMs).unref();

    connection.forwardOut(forward.host, forward.port, '127.0.0.1', 1024, (error, channel) => {
      if (error) {
        settle(false);
        return;
      }

      channel.once('data', (data: Uint8Array) => {
        settle(new TextDecoder().decode(data).startsWith('HTTP/1.1 200'));
        channel.close();
      });
      channel.once('error', () => {
        settle(false);
      });
      channel.once('close', () => {
        settle(false);
      });
      channel.write(`GET ${path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n`);
    });
  });
}
