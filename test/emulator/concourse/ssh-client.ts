import {once} from 'node:events';
import ssh2, {type ClientChannel} from 'ssh2';
import type {ConcourseEmulator} from '../../../src/emulator/concourse/server.js';

type Login = {
  privateKey?: string;
  username?: string;
  hostVerifier?: (key: Uint8Array) => boolean;
  algorithms?: ssh2.Algorithms;
};

export type SshClient = AsyncDisposable & {
  readonly client: ssh2.Client;
  exec(command: string): Promise<ClientChannel>;
  run(command: string, stdin?: unknown): Promise<Result>;
};

export type Result = {exit: number | undefined; output: string};

/** A real SSH connection to the emulated TSA, with the worker key unless another is given. */
export async function login(emulator: ConcourseEmulator, given: Login = {}): Promise<SshClient> {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    client
      .once('ready', resolve)
      .once('error', reject)
      .once('close', () => {
        reject(new Error('closed before ready'));
      })
      .connect({
        host: emulator.tsaHost,
        port: emulator.tsaPort,
        username: 'beacon',
        privateKey: emulator.workerKey,
        ...given,
      })
      .setNoDelay(true);
  });

  const exec = async (command: string) =>
    new Promise<ClientChannel>((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) {
          reject(error);
        } else {
          resolve(channel);
        }
      });
    });

  return {
    client,
    exec,
    async run(command, stdin = {}) {
      const channel = await exec(command);
      const result = collect(channel);
      channel.end(typeof stdin === 'string' ? stdin : JSON.stringify(stdin));
      return result;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

/** What a command printed and how it ended. */
export async function collect(channel: ClientChannel): Promise<Result> {
  let output = '';
  let exit: number | undefined;
  channel.on('data', (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  channel.stderr.on('data', (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  channel.once('exit', (code: number) => {
    exit = code;
  });
  // With a limit of its own, so that a test that waits in vain still closes its server.
  await once(channel, 'close', {signal: AbortSignal.timeout(5000)});
  return {exit, output};
}

/** Forwards both ports and answers the gateway's pings, as a worker does. */
export async function forwardPorts({client}: SshClient, isAnswering = true): Promise<void> {
  client.on('tcp connection', (_details, accept) => {
    const channel = accept();
    channel.once('data', () => {
      if (isAnswering) {
        channel.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
      }
    });
  });
  for (const port of [7777, 7788]) {
    await forward(client, port);
  }
}

export async function forward(client: ssh2.Client, port: number): Promise<void> {
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

export const forwardWorker = 'forward-worker --garden 0.0.0.0:7777 --baggageclaim 0.0.0.0:7788';

export function workerJson(name: string, more: Record<string, unknown> = {}) {
  return {name, team: '', tags: ['t'], platform: 'linux', version: '3.0', ...more};
}
