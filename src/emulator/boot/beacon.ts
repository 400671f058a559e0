import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import pLimit from 'p-limit';
import ssh2, {type ClientChannel} from 'ssh2';
import type {WorkerProcess} from './worker-process.js';

export type BeaconOptions = {
  readonly worker: WorkerProcess;
  /** Unix seconds at which the worker process started. */
  readonly startSeconds: number;
  readonly off: AbortSignal;
  /** Whether garden and baggageclaim answer the gateway. */
  readonly isAnswering: () => boolean;
};

const garden = '0.0.0.0:7777';
const baggageclaim = '0.0.0.0:7788';
// A thousand droplets that boot at once must not make each other's handshakes time out.
const handshake = pLimit(12);
const handshakeTimeoutMs = 60_000;
const command = `forward-worker --garden ${garden} --baggageclaim ${baggageclaim}`;

/** One registration over SSH: resolves when the gateway ends it with exit 0, rejects on everything else. */
export async function registerOnce(options: BeaconOptions): Promise<void> {
  const {off, isAnswering} = options;
  const client = new ssh2.Client();
  // A machine that loses its power says no goodbye.
  const cut = () => {
    client.destroy();
  };

  off.addEventListener('abort', cut);
  try {
    const lost = new Promise<never>((_resolve, reject) => {
      client.on('error', reject).on('close', () => {
        reject(new Error('the connection to the TSA was lost'));
      });
    });
    client.on('tcp connection', (_details, accept) => {
      answer(accept(), isAnswering);
    });
    await handshake(async () => {
      off.throwIfAborted();
      connect(client, options);
      await Promise.race([once(client, 'ready'), lost]);
    });
    await Promise.race([forward(client, options), lost]);
  } finally {
    off.removeEventListener('abort', cut);
    client.destroy();
  }
}

function connect(client: ssh2.Client, {worker}: BeaconOptions): void {
  const address = worker.tsaHosts[Math.floor(Math.random() * worker.tsaHosts.length)]!;
  client
    .connect({
      ...address,
      username: 'beacon',
      privateKey: worker.privateKey,
      hostVerifier: (key: Uint8Array) =>
        worker.hostKeys.includes(Buffer.from(key).toString('base64')),
      readyTimeout: handshakeTimeoutMs,
    })
    .setNoDelay(true);
}

async function forward(client: ssh2.Client, options: BeaconOptions): Promise<void> {
  await listen(client, 7777);
  await listen(client, 7788);
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec(command, (error, opened) => {
      if (error) {
        reject(error);
      } else {
        resolve(opened);
      }
    });
  });
  channel.end(JSON.stringify(registration(options)));
  channel.resume();
  const exit = await new Promise<number | undefined>((resolve) => {
    channel.once('exit', resolve);
    channel.once('close', () => {
      resolve(undefined);
    });
  });
  if (exit !== 0) {
    throw new Error(`forward-worker ended with exit ${exit ?? 'missing'}`);
  }
}

async function listen(client: ssh2.Client, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.forwardIn('0.0.0.0', port, (error) => {
      if (error) {
        reject(error);
      } else {
        resolve();
      }
    });
  });
}

function registration({worker, startSeconds}: BeaconOptions): Record<string, unknown> {
  return {
    addr: '',
    baggageclaim_url: '',
    active_containers: 0,
    active_volumes: 0,
    active_tasks: 0,
    resource_types: ['git', 'registry-image', 'time'].map((type) => ({
      type,
      image: `/usr/local/concourse/resource-types/${type}/rootfs.tgz`,
      version: '1.0.0',
      privileged: false,
      unique_version_history: false,
    })),
    platform: 'linux',
    tags: worker.tags.length > 0 ? worker.tags : null,
    team: worker.team,
    name: worker.name,
    version: worker.release.workerVersion,
    start_time: startSeconds,
    ephemeral: worker.ephemeral,
    state: '',
  };
}

/** Garden and baggageclaim, as far as the gateway's pings need them. */
function answer(channel: ClientChannel, isAnswering: () => boolean): void {
  channel.on('error', () => undefined);
  channel.once('data', () => {
    if (isAnswering()) {
      channel.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      );
    }
  });
}
