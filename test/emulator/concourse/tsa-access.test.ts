import {Buffer} from 'node:buffer';
import {generateKeyPairSync} from 'node:crypto';
import {once} from 'node:events';
import {connect} from 'node:net';
import {expect, test} from '@jest/globals';
import ssh2 from 'ssh2';
import {createClock} from '../../../src/emulator/clock.js';
import {blobOf} from '../../../src/emulator/concourse/keys.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {forward, login} from './ssh-client.js';

const start = async (options: ConcourseOptions = {}) =>
  startConcourse({clock: createClock(), options});

// Made by the runtime: one in some 250 of the Ed25519 keys that ssh2 makes is unreadable, to OpenSSH too.
function newKey(): {pem: string; line: string} {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const pem = privateKey.export({type: 'sec1', format: 'pem'}).toString();
  return {pem, line: `ecdsa-sha2-nistp256 ${blobOf(pem)}`};
}

test('the TSA presents the host key it is known by', async () => {
  await using emulator = await start();
  const offered: Uint8Array[] = [];

  await using _ssh = await login(emulator, {
    hostVerifier(key) {
      offered.push(key);
      return true;
    },
  });

  const line = emulator.tsaPublicKey.split(' ');
  expect(line[0]).toBe('ssh-rsa');
  expect(Buffer.from(offered[0]!).toString('base64')).toBe(line[1]);
});

test('with tsaWrongHostKey it presents another', async () => {
  await using emulator = await start({tsaWrongHostKey: true});
  const known = Buffer.from(emulator.tsaPublicKey.split(' ', 2)[1]!, 'base64');

  const attempt = login(emulator, {hostVerifier: (key) => known.equals(key)});

  await expect(attempt).rejects.toThrow('Host denied');
});

test('with tsaClosed nothing listens', async () => {
  await using emulator = await start({tsaClosed: true});

  const socket = connect(emulator.tsaPort, emulator.tsaHost);

  await expect(once(socket, 'connect')).rejects.toMatchObject({code: 'ECONNREFUSED'});
});

test('the offer is the one of the real gateway: SHA-2 host keys, its KEX and MACs', async () => {
  await using current = await start();
  await using legacy = await start({version: '7.9.1'});

  expect(await serverOffer(current.tsaPort)).toMatchObject({
    kex: expect.arrayContaining(['curve25519-sha256', 'curve25519-sha256@libssh.org']),
    hostKey: ['rsa-sha2-256', 'rsa-sha2-512'],
    mac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
  });
  const {kex, hostKey} = await serverOffer(legacy.tsaPort);
  expect(kex).not.toContain('curve25519-sha256');
  expect(hostKey).toContain('ssh-rsa');
});

test('a client that knows only ssh-rsa host keys fails', async () => {
  await using emulator = await start();

  const attempt = login(emulator, {algorithms: {serverHostKey: ['ssh-rsa']}});

  await expect(attempt).rejects.toThrow('no matching host key format');
});

test('any user name will do, the key decides; an authorized key may be of any kind', async () => {
  const {pem, line} = newKey();
  await using emulator = await start({authorizedKeys: [line]});

  await using ssh = await login(emulator, {username: 'anybody', privateKey: pem});

  expect(await ssh.run('sweep-containers', {name: 'x'})).toEqual({exit: 0, output: 'null'});
  expect(emulator.tsaRequests).toEqual([
    {user: 'anybody', keyKnown: true, team: undefined, command: 'sweep-containers', exit: 0},
  ]);
});

test('an unknown key fails in the handshake', async () => {
  await using emulator = await start();
  await using closed = await start({workerKeyUnauthorized: true});
  const stranger = newKey().pem;

  await expect(login(emulator, {privateKey: stranger})).rejects.toThrow('authentication methods');
  await expect(login(closed)).rejects.toThrow('authentication methods');

  expect(emulator.tsaRequests).toMatchObject([
    {user: 'beacon', keyKnown: false, command: undefined},
  ]);
});

test('the sixth refused key ends the connection', async () => {
  await using emulator = await start();
  const keys = Array.from({length: 9}, () => newKey().pem);
  const client = new ssh2.Client();
  client
    .on('error', () => undefined)
    .connect({
      host: emulator.tsaHost,
      port: emulator.tsaPort,
      username: 'beacon',
      authHandler(_left: unknown, _partial: unknown, next: (method: unknown) => void) {
        const key = keys.pop();
        next(key === undefined ? false : {type: 'publickey', username: 'beacon', key});
      },
    } as unknown as ssh2.ConnectConfig);

  await once(client, 'close');

  expect(emulator.tsaRequests).toHaveLength(6);
});

test('a password gets nobody in', async () => {
  await using emulator = await start();
  const client = new ssh2.Client();
  const failed = once(client, 'error');
  client.on('error', () => undefined);
  client.connect({host: emulator.tsaHost, port: emulator.tsaPort, username: 'u', password: 'p'});

  const [error] = (await failed) as [Error];

  expect(error.message).toContain('authentication methods');
});

test('the worker key is RSA in PKCS#1 and is made once per process', async () => {
  await using one = await start();
  await using two = await start();

  expect(one.workerKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/v);
  expect(two.workerKey).toBe(one.workerKey);
});

test('at most two ports are forwarded, and every kind of keepalive is acknowledged', async () => {
  await using emulator = await start();
  await using ssh = await login(emulator);

  await forward(ssh.client, 7777);
  await forward(ssh.client, 7788);
  await expect(forward(ssh.client, 7799)).rejects.toThrow('Unable to bind');

  const internals = ssh.client as unknown as {
    _protocol: {ping(): void};
    _callbacks: Array<(failed: unknown) => void>;
  };
  const refused = new Promise((resolve) => {
    internals._callbacks.push(resolve);
  });
  internals._protocol.ping();
  expect(await refused).toBeFalsy();
});

test('pty, environment, shell and other channels are refused', async () => {
  await using emulator = await start();
  await using ssh = await login(emulator);
  const outcome = async (ask: (done: (error?: Error) => void) => unknown) =>
    new Promise((resolve) => {
      ask((error) => {
        resolve(error?.message ?? 'granted');
      });
    });

  expect(await outcome((done) => ssh.client.shell(done))).toContain('Unable to request');
  expect(await outcome((done) => ssh.client.shell(false, done))).toContain('Unable to open shell');
  expect(await outcome((done) => ssh.client.forwardOut('a', 1, 'b', 2, done))).toContain(
    'open failure',
  );
});

test('closing ends connections at once', async () => {
  const emulator = await start();
  await using ssh = await login(emulator);
  const closed = once(ssh.client, 'close');
  const startedAt = performance.now();

  await Promise.all([emulator.close(), closed]);

  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await expect(fetch(emulator.url)).rejects.toThrow('fetch failed');
});

test('a global key that is no authorized_keys line is refused at start', async () => {
  await expect(start({authorizedKeys: ['nonsense']})).rejects.toThrow('authorized_keys');
});

/** The lists of the server's first KEXINIT packet, which travels in the clear. */
async function serverOffer(port: number) {
  const socket = connect(port, '127.0.0.1');
  socket.write('SSH-2.0-probe\r\n');
  const chunks: Uint8Array[] = [];
  for await (const chunk of socket as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const packetAt = bytes.indexOf('\r\n') + 2;
    const isWhole =
      bytes.length > packetAt + 4 && bytes.length >= packetAt + 4 + bytes.readUInt32BE(packetAt);
    if (isWhole) {
      socket.destroy();
      // Past packet length, padding length, message number and cookie.
      return listsIn(bytes.subarray(packetAt + 4 + 1 + 1 + 16));
    }
  }

  throw new Error('no offer');
}

function listsIn(bytes: ReturnType<typeof Buffer.from>) {
  let at = 0;
  const lists: string[][] = [];
  while (lists.length < 6) {
    const length = bytes.readUInt32BE(at);
    lists.push(bytes.toString('latin1', at + 4, at + 4 + length).split(','));
    at += 4 + length;
  }

  return {kex: lists[0]!, hostKey: lists[1]!, mac: lists[5]!};
}
