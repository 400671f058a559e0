import {once} from 'node:events';
import {connect as connectSocket, createServer, type AddressInfo, type Socket} from 'node:net';
import {expect, test} from '@jest/globals';
import {runOnTsa} from '../../src/concourse/tsa.js';
import {parseAuthorizedKeys} from '../../src/cloud-init/keys.js';
import {startEmulator, type Emulator} from '../../src/emulator/server.js';

/** A way to the TSA that is cut after so many bytes from it. */
async function cutAfter({concourse}: Emulator, bytes: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connectSocket(concourse.tsaPort, concourse.tsaHost);
    let passed = 0;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }

    near.pipe(far);
    far.on('data', (data: Buffer) => {
      near.write(data.subarray(0, Math.max(0, bytes - passed)));
      passed += data.length;
      if (!(passed >= bytes)) {
        return;
      }

      near.destroySoon();
      far.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }

      server.close();
    },
  };
}

test.each([0, 15, 60, 400, 1200])(
  'a connection that is cut after %i bytes ends with an error',
  async (bytes) => {
    await using emulator = await startEmulator();
    await using way = await cutAfter(emulator, bytes);
    const {tsaHost, tsaPublicKey, workerKey} = emulator.concourse;
    const hostKeys = parseAuthorizedKeys(tsaPublicKey, 'key').map(({blob}) => blob);

    const running = runOnTsa(
      {host: tsaHost, port: way.port, hostKeys, workerKey},
      'delete-worker',
      [{name: 'a', team: ''}],
      AbortSignal.timeout(15_000),
    );

    await expect(running).rejects.toMatchObject({code: expect.stringMatching(/^TSA/v)});
  },
);
