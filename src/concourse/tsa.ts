import type {Client, ClientChannel, ConnectConfig} from 'ssh2';
import {ActionableError} from '../errors.js';

export type TsaOptions = {
  host: string;
  port: number;
  /** The blobs of the host keys that are trusted. */
  hostKeys: Uint8Array[];
  /** PKCS#1 PEM. */
  workerKey: string;
};

export type TsaWorker = {name: string; team: string};

/** Commands of the TSA's SSH protocol that take one worker and answer with an exit status alone. */
export type TsaCommand = 'sweep-containers' | 'retire-worker' | 'delete-worker';

/**
 * Runs one command for each worker over one connection, in turn, and gives the exit statuses.
 * Status 1 carries no reason: the TSA writes it to the web's log only.
 */
export async function runOnTsa(
  options: TsaOptions,
  command: TsaCommand,
  workers: TsaWorker[],
  signal: AbortSignal,
): Promise<number[]> {
  signal.throwIfAborted();
  const client = await connect(options, signal);
  const close = () => {
    client.destroy();
  };

  signal.addEventListener('abort', close, {once: true});
  try {
    const statuses: number[] = [];
    for (const worker of workers) {
      statuses.push(await run(client, command, worker, options));
    }

    return statuses;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    client.end();
  }
}

/** Checks the way a worker will go, without a worker: address, host key, worker key, and the key's team. */
export async function probeTsa(
  options: TsaOptions,
  team: string,
  signal: AbortSignal,
): Promise<void> {
  const nobody = {name: 'do-worker-preflight', team};
  const [status] = await runOnTsa(options, 'sweep-containers', [nobody], signal);
  if (status !== 0) {
    throw new ActionableError(
      'TSA_REFUSED',
      `The TSA at ${options.host}:${options.port} accepts the worker key but refuses to act for ${
        team === '' ? 'workers of all teams' : `team ${team}`
      }`,
      [
        team === ''
          ? 'A team key serves its own team only: name it with --team'
          : `Use a key that is authorised for team ${team} or for all teams`,
        'If the key is right, the TSA may not reach the web: look into its log',
      ],
    );
  }
}

async function connect(options: TsaOptions, signal: AbortSignal): Promise<Client> {
  const {host, port, hostKeys, workerKey} = options;
  const {default: ssh2} = await import('ssh2');
  const client = new ssh2.Client();
  let isHostKnown = true;
  const config: ConnectConfig = {
    host,
    port,
    username: 'beacon',
    privateKey: workerKey,
    readyTimeout: 15_000,
    keepaliveInterval: 10_000,
    algorithms: {serverHostKey: ['rsa-sha2-512', 'rsa-sha2-256']},
    hostVerifier(key: Buffer) {
      isHostKnown = hostKeys.some((known) => key.equals(known));
      return isHostKnown;
    },
  };

  return new Promise((resolve, reject) => {
    const abort = () => {
      client.destroy();
      reject(signal.reason as Error);
    };

    const fail = (error: Error & {level?: string}) => {
      signal.removeEventListener('abort', abort);
      const address = `${host}:${port}`;
      reject(isHostKnown ? connectionError(error, address) : wrongHostKey(address));
    };

    signal.addEventListener('abort', abort, {once: true});
    client.once('ready', () => {
      signal.removeEventListener('abort', abort);
      resolve(client);
    });
    // Stays on: a connection that fails later must not end the process.
    client.on('error', fail);
    // All that comes of a connection that is cut during the handshake.
    client.once('close', () => {
      fail(new Error('the connection was closed'));
    });
    client.connect(config);
    // Else every small message waits for the acknowledgement of the one before.
    client.setNoDelay(true);
  });
}

async function run(
  client: Client,
  command: string,
  worker: TsaWorker,
  {host, port}: TsaOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      clearTimeout(timer);
      reject(
        new ActionableError(
          'TSA',
          `The TSA at ${host}:${port} did not carry out ${command} for ${worker.name}: ${what}`,
          ['Look into the log of the Concourse web node'],
        ),
      );
    };

    const timer = setTimeout(fail, 30_000, 'no answer within 30 s');
    const dropped = () => {
      fail('the connection was closed');
    };

    client.once('close', dropped);
    client.exec(command, (error, channel: ClientChannel) => {
      if (error) {
        fail('it refuses the command');
        return;
      }

      let status = 1;
      channel.on('exit', (code: number | null) => {
        status = code ?? 1;
      });
      channel.on('close', () => {
        clearTimeout(timer);
        client.removeListener('close', dropped);
        resolve(status);
      });
      channel.resume();
      channel.stderr.resume();
      channel.end(JSON.stringify(worker));
    });
  });
}

function wrongHostKey(address: string): ActionableError {
  return new ActionableError(
    'TSA_HOST_KEY',
    `The server at ${address} has another host key than the TSA public key given: it is not your TSA, or its key was changed`,
    [
      "Give the web's current key, the public half of its CONCOURSE_TSA_HOST_KEY: --tsa-public-key FILE",
      'Check --tsa-host and --tsa-port',
    ],
  );
}

function connectionError(
  error: Error & {level?: string; code?: string},
  address: string,
): ActionableError {
  if (error.level === 'client-authentication') {
    return new ActionableError(
      'TSA_KEY_REFUSED',
      `The TSA at ${address} does not accept the worker key`,
      [
        "Add its public half to the web's CONCOURSE_TSA_AUTHORIZED_KEYS (or the team's authorized keys) and restart the web",
        'Or give a key that is there: --worker-key FILE',
      ],
    );
  }

  const reason = error.code ?? (error.level === 'client-timeout' ? 'no answer' : error.message);
  return new ActionableError(
    'TSA_UNREACHABLE',
    `The TSA at ${address} cannot be reached: ${reason}`,
    [
      'Check --tsa-host and --tsa-port (the TSA listens on 2222, not on the web port)',
      'Open the port in the firewall in front of the web: workers come in through it',
    ],
  );
}
