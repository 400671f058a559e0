import {once} from 'node:events';
import {request} from 'node:http';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {makeCertificate} from './certificate.js';

/** The same server, over TLS and with a certificate that only those trust who are given it. */
export async function startTls(target: string) {
  const {cert, key} = makeCertificate();
  const server = createServer({cert, key}, (incoming, outgoing) => {
    const {method, headers, url = ''} = incoming;
    const passedOn = request(new URL(url, target), {method, headers}, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passedOn.on('error', () => {
      outgoing.destroy();
    });
    incoming.pipe(passedOn);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cert,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
