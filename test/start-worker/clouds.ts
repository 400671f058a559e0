import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import {makeProvider} from '../../src/start-worker/providers.js';
import type {Found, Provider} from '../../src/start-worker/provider.js';
import {Section} from '../../src/start-worker/section.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';

/** One answer: a text, a JSON document, a status, or whatever the function does. */
export type Turn = string | number | Record<string, unknown> | ((response: ServerResponse) => void);

export type Cloud = {
  url: string;
  port: number;
  /** Answers by path with query, by path, or by method and path; of several, the last one stays. */
  paths: Record<string, Turn | Turn[]>;
  /** Method and path with query of each request. */
  requests: string[];
} & AsyncDisposable;

export type CloudOptions = {
  paths: Record<string, Turn | Turn[]>;
  /** The status of a refusal. */
  guard?: (request: IncomingMessage) => number | undefined;
  port?: number;
};

/** A metadata service on a port of its own. */
export async function startCloud({paths, guard, port = 0}: CloudOptions): Promise<Cloud> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const target = request.url!;
    requests.push(`${request.method} ${target}`);
    const status = guard?.(request);
    if (status === undefined) {
      const pathname = target.split('?')[0]!;
      const keys = [target, pathname].map((each) =>
        request.method === 'GET' ? each : `${request.method} ${each}`,
      );
      answer(response, nextTurn(paths, keys));
    } else {
      answer(response, status);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    paths,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function nextTurn(paths: Cloud['paths'], keys: string[]): Turn {
  const key = keys.find((each) => paths[each] !== undefined);
  const turns = key === undefined ? 404 : paths[key]!;
  return Array.isArray(turns) ? (turns.length > 1 ? turns.shift()! : turns[0]!) : turns;
}

function answer(response: ServerResponse, turn: Turn): void {
  if (typeof turn === 'function') {
    turn(response);
  } else if (typeof turn === 'number') {
    response.writeHead(turn).end('words of the service');
  } else {
    response.end(typeof turn === 'string' ? turn : JSON.stringify(turn));
  }
}

export function drop(response: ServerResponse): void {
  response.destroy();
}

export function hang(): void {
  // The client's time-out ends it.
}

export function slow(ms: number, text: string): Turn {
  return (response) => {
    setTimeout(() => {
      response.end(text);
    }, ms);
  };
}

export type Made = {provider: Provider; lines: string[]; identify: () => Promise<Found>};

export type MakeOptions = {secondMs?: number; implementation?: string; signal?: AbortSignal};

/** A provider that was made of a section, in quick time. */
export async function make(
  name: string,
  fields: JsonObject,
  {
    secondMs = 4,
    implementation = 'generic-worker',
    signal = new AbortController().signal,
  }: MakeOptions = {},
): Promise<Made> {
  const lines: string[] = [];
  const log = {
    line(text: string) {
      lines.push(text);
    },
    structured: () => undefined,
  };
  const section = new Section('provider', {providerType: name, ...fields});
  const provider = await makeProvider(name, section, {log, secondMs, implementation, signal});
  return {provider, lines, identify: async () => provider.identify(signal)};
}

/** How often the worker was told to end, by the time that `isEnough` says so. */
export async function watched(
  provider: Provider,
  isEnough: (told: number) => boolean,
): Promise<number> {
  const stop = new AbortController();
  let told = 0;
  const watching = provider.watch!(async () => {
    told++;
  }, stop.signal);
  await until(() => isEnough(told));
  stop.abort();
  await watching;
  return told;
}

export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > 1500) {
      throw new Error('it did not come to that');
    }

    await delay(4);
  }
}
