import {once} from 'node:events';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';
import {WorkerManager} from '../../src/taskcluster/worker-manager.js';
import type {Credentials} from '../../src/taskcluster/credentials.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';

export type Request = {at: number; path: string; authorization: string; body: JsonObject};
/** What a call is answered with; a number is the status of a refusal. */
export type Answer = number | JsonObject;

/** A worker manager that answers as it is told. */
export async function startManager(
  answer: (request: Request, index: number) => Answer,
  now = Date.now,
) {
  const requests: Request[] = [];
  let server: Server;
  const respond = async (message: IncomingMessage, response: ServerResponse) => {
    const {url: path = '', headers} = message;
    const at = now();
    const body = JSON.parse(await text(message)) as JsonObject;
    const request = {at, path, authorization: headers.authorization ?? '', body};
    requests.push(request);
    const given = answer(request, requests.length - 1);
    const isRefusal = typeof given === 'number';
    response
      .writeHead(isRefusal ? given : 200, {'content-type': 'application/json'})
      .end(JSON.stringify(isRefusal ? {code: 'InputError', message: 'told so'} : given));
  };

  const open = async (port: number) => {
    server = createServer((message, response) => {
      void respond(message, response);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };

  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };

  await open(0);
  const {port} = server!.address() as AddressInfo;
  return {
    requests,
    close,
    reopen: async () => open(port),
    connect: (credentials?: Credentials) =>
      new WorkerManager({
        rootUrl: `http://127.0.0.1:${port}`,
        credentials,
        retries: 0,
        secondMs: 1,
      }),
    async [Symbol.asyncDispose]() {
      if (server.listening) {
        await close();
      }
    },
  };
}
