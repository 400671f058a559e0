import type {AddressInfo} from 'node:net';
import ssh2, {type AuthContext, type Connection, type PublicKeyAuthContext} from 'ssh2';
import {serveConnection, type TsaPeer} from './tsa-connection.js';
import type {World} from './world.js';

export type TsaLog = {
  readonly user: string;
  readonly keyKnown: boolean;
  /** The team whose key it was; undefined for a key that acts for every team. */
  readonly team: string | undefined;
  /** Undefined when no command was run because the key was refused. */
  readonly command: string | undefined;
  /** Undefined while the command runs, when it was refused and when its connection was lost. */
  exit: number | undefined;
};

export type AuthorizedKey = {readonly blob: string; readonly team: string | undefined};

export type Tsa = {
  readonly port: number;
  dropConnections(): void;
  close(): Promise<void>;
};

type TsaOptions = {
  readonly world: World;
  readonly hostKey: string;
  readonly authorizedKeys: readonly AuthorizedKey[];
  readonly log: TsaLog[];
  readonly port: number;
};

const maxAuthTries = 6;

/** Listens for SSH on loopback; takes authorized keys alone, and hangs up at the sixth key that it refuses. */
export async function startTsa({
  world,
  hostKey,
  authorizedKeys,
  log,
  port,
}: TsaOptions): Promise<Tsa> {
  const open = new Set<Connection>();
  const server = new ssh2.Server(
    {
      hostKeys: [hostKey],
      algorithms: algorithmsOf(world),
      // The real gateway leaves keepalives to the client; this is ssh2's way of saying never.
      keepaliveInterval: 0x7f_ff_ff_ff,
    },
    (connection) => {
      open.add(connection);
      // As in Go: without it every small packet waits 40 ms for an acknowledgement.
      internals(connection).setNoDelay(true);
      // By itself ssh2 ends the connection after an error.
      connection.on('error', () => undefined);
      connection.on('close', () => {
        open.delete(connection);
      });
      authenticate(connection, authorizedKeys, log, (peer) => {
        serveConnection(connection, peer, world, log);
      });
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  const dropConnections = () => {
    for (const connection of open) {
      internals(connection)._sock.destroy();
    }
  };

  return {
    port: (server.address() as AddressInfo).port,
    dropConnections,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      dropConnections();
      await closed;
    },
  };
}

function algorithmsOf({release}: World): Record<string, unknown> {
  const hostKeys = ['rsa-sha2-256', 'rsa-sha2-512'];
  return {
    kex: [
      ...(release.offersPlainCurve25519 ? ['curve25519-sha256'] : []),
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
    ],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
    cipher: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'chacha20-poly1305@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    compress: ['none'],
    serverHostKey: release.offersSha1HostKey ? [...hostKeys, 'ssh-rsa'] : withoutSha1(hostKeys),
  };
}

/** Ssh2 offers ssh-rsa last whenever it looks that name up and hears -1; any other answer leaves it out. */
function withoutSha1(names: string[]): string[] {
  return Object.assign([...names], {
    indexOf: (name: string) => (names.includes(name) ? names.indexOf(name) : NaN),
  });
}

function authenticate(
  connection: Connection,
  authorizedKeys: readonly AuthorizedKey[],
  log: TsaLog[],
  ready: (peer: TsaPeer) => void,
): void {
  let failures = 0;

  connection.on('authentication', (context: AuthContext) => {
    if (failures >= maxAuthTries) {
      return;
    }

    if (context.method !== 'publickey') {
      context.reject(['publickey']);
      return;
    }

    const offered = context.key.data.toString('base64');
    const key = authorizedKeys.find(({blob}) => blob === offered);
    if (!key || !hasValidSignature(context)) {
      failures++;
      log.push({
        user: context.username,
        keyKnown: key !== undefined,
        team: key?.team,
        command: undefined,
        exit: undefined,
      });
      context.reject(['publickey']);
      if (failures >= maxAuthTries) {
        connection.end();
      }

      return;
    }

    context.accept();
    if (context.signature) {
      ready({user: context.username, team: key.team});
    }
  });
}

function hasValidSignature({key, signature, blob, hashAlgo}: PublicKeyAuthContext): boolean {
  if (!signature || !blob) {
    return true;
  }

  const parsed = ssh2.utils.parseKey(key.data);
  return !(parsed instanceof Error) && parsed.verify(blob, signature, hashAlgo);
}

/** What ssh2's types leave out. */
type ConnectionInternals = {_sock: {destroy(): void}; setNoDelay(isOn: boolean): void};

function internals(connection: Connection): ConnectionInternals {
  return connection as unknown as ConnectionInternals;
}
