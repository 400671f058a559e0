import {once} from 'node:events';
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';

/** A port of one's own in front of another: tells who calls, and can be shut for a while. */
export type Forward = {
  readonly port: number;
  setOpen(isOpen: boolean): void;
  close(): void;
};

export async function startForward(target: number): Promise<Forward> {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer({noDelay: true}, (near) => {
    if (!isOpen) {
      near.destroy();
      return;
    }

    const far = connect({port: target, host: '127.0.0.1', noDelay: true});
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };

  return {
    port: (server.address() as AddressInfo).port,
    setOpen(value) {
      isOpen = value;
      if (!isOpen) {
        cut();
      }
    },
    close() {
      isOpen = false;
      cut();
      server.close();
    },
  };
}
