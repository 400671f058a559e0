import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {inspect} from 'node:util';
import {expect, test} from '@jest/globals';
import {ApiError, Interrupted, NoAnswer} from '../src/errors.js';
import {createHttp, type Http, type HttpOptions} from '../src/http.js';

type Served = {url: string; requests: IncomingMessage[]} & AsyncDisposable;
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function serve(answer: Answer): Promise<Served> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function client({url}: Served, options: Partial<HttpOptions> = {}): Http {
  return createHttp('Service', {url, secondMs: 5, ...options});
}

async function failure(call: Promise<unknown>): Promise<ApiError & NoAnswer> {
  try {
    await call;
  } catch (error) {
    return error as ApiError & NoAnswer;
  }

  throw new Error('it succeeded');
}

test.each(['GET', 'PUT', 'DELETE'] as const)(
  'retries a %s that a proxy failed with HTML',
  async (method) => {
    await using server = await serve((_request, response, count) => {
      response
        .writeHead(count < 3 ? 502 : 200)
        .end(count < 3 ? '<html>Bad gateway</html>' : '{"ok":true}');
    });

    expect(await client(server)(method, 'x')).toEqual({ok: true});
    expect(server.requests).toHaveLength(3);
  },
);

test.each([500, 504, 507, 521, 523, 530])(
  'retries a GET that was answered with %i',
  async (status) => {
    await using server = await serve((_request, response, count) => {
      response.writeHead(count === 1 ? status : 200).end(count === 1 ? '<html>' : '{"ok":true}');
    });

    expect(await client(server)('GET', 'x')).toEqual({ok: true});
  },
);

test('retries a connection that was dropped', async () => {
  await using server = await serve((request, response, count) => {
    if (count === 1) {
      request.socket.destroy();
    } else {
      response.end('[]');
    }
  });

  expect(await client(server)('GET', 'x')).toEqual([]);
});

test.each([500, 502, 503])('never repeats a POST that was answered with %i', async (status) => {
  await using server = await serve((_request, response) => {
    response.writeHead(status).end('{}');
  });

  const error = await failure(client(server)('POST', 'x', {json: {}}));

  expect(error).toBeInstanceOf(ApiError);
  expect(error.status).toBe(status);
  expect(server.requests).toHaveLength(1);
});

test('never repeats a POST whose connection was dropped', async () => {
  await using server = await serve((request) => {
    request.socket.destroy();
  });

  expect(await failure(client(server)('POST', 'x', {json: {}}))).toBeInstanceOf(NoAnswer);
  expect(server.requests).toHaveLength(1);
});

test('sends a POST again that was refused for its rate, after the time that was announced', async () => {
  await using server = await serve((_request, response, count) => {
    response.writeHead(count === 1 ? 429 : 200, {'retry-after': '10'}).end('{}');
  });
  const startedAt = performance.now();

  await client(server)('POST', 'x', {json: {}});

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
  expect(server.requests).toHaveLength(2);
});

test('gives up after a bounded number of retries', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(503).end();
  });

  expect((await failure(client(server)('GET', 'x'))).status).toBe(503);
  expect(server.requests).toHaveLength(5);
});

test('clients that failed at the same time do not come back at the same time', async () => {
  const arrivals = new Map<string, number[]>();
  await using server = await serve(({url = ''}, response) => {
    const times = [...(arrivals.get(url) ?? []), performance.now()];
    arrivals.set(url, times);
    response.writeHead(times.length === 1 ? 503 : 200).end('{}');
  });
  const secondMs = 1000;

  await Promise.all(
    Array.from({length: 20}, async (_, index) => client(server, {secondMs})('GET', `${index}`)),
  );

  const waits = Array.from(arrivals.values(), ([first, second]) => second! - first!);
  expect(waits).toHaveLength(20);
  // Of the half second by which they may differ.
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(0.125 * secondMs);
});

test('waits half a minute at most between two attempts', async () => {
  const arrivals: number[] = [];
  await using server = await serve((_request, response) => {
    arrivals.push(performance.now());
    response.writeHead(503).end();
  });
  const secondMs = 4;

  await failure(client(server, {secondMs, retries: 12})('GET', 'x'));

  const waits = arrivals.slice(1).map((time, index) => time - arrivals[index]!);
  // Half a second has doubled to a minute by then; a busy machine lengthens some waits, but not all.
  const shortest = Math.min(...waits.slice(7)) / secondMs;
  expect(shortest).toBeGreaterThan(29);
  expect(shortest).toBeLessThan(45);
});

test('does not retry what the service refused', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(422).end('{"id":"unprocessable_entity","message":"No.","request_id":"r-1"}');
  });

  const error = await failure(client(server)('GET', 'v2/x'));

  expect(error.message).toBe('Service answered 422 to GET v2/x: No. (request id r-1)');
  expect(server.requests).toHaveLength(1);
});

test.each([
  ['{"error":"access_denied","error_description":"Wrong"}', 'Wrong'],
  ['{"error":"tag invalid","messages":null,"root_causes":[]}', 'tag invalid'],
  ['not authorized', 'not authorized'],
  ['<html><h1>Bad</h1></html>', 'an HTML page, as a proxy sends'],
  ['', ''],
  ['null', ''],
])('reads the error body %s', async (body, detail) => {
  await using server = await serve((_request, response) => {
    response.writeHead(400).end(body);
  });

  expect((await failure(client(server)('GET', 'x'))).detail).toBe(detail);
});

test('says so when an answer is not JSON, or a redirect, and follows none', async () => {
  await using page = await serve((_request, response) => {
    response.end('<html>Log in</html>');
  });
  await using redirect = await serve((_request, response) => {
    response.writeHead(302, {location: 'https://elsewhere.example/?token=abc'}).end();
  });

  expect((await failure(client(page)('GET', 'x'))).message).toContain('not JSON');
  const {message} = await failure(client(redirect)('GET', 'x'));
  expect(message).toContain('redirect to https://elsewhere.example');
  expect(message).not.toContain('abc');
});

test('no error holds the token, however it is looked at, even when the service repeats it', async () => {
  await using echo = await serve((request, response) => {
    response.writeHead(400).end(JSON.stringify({message: `bad ${request.headers.authorization}`}));
  });
  await using closed = await serve((request) => {
    request.socket.destroy();
  });
  const options = {headers: {authorization: 'Bearer s3cr3t'}, secrets: ['s3cr3t']};

  for (const server of [echo, closed]) {
    const error = await failure(
      client(server, options)('POST', 'of/s3cr3t', {json: {password: 's3cr3t'}}),
    );
    expect(inspect(error, {depth: 10, showHidden: true}) + JSON.stringify(error)).not.toContain(
      's3cr3t',
    );
  }
});

test('ends with the reason of the signal, before and during a request', async () => {
  await using server = await serve(() => undefined);
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort(new Interrupted('SIGINT'));
  }, 30);

  expect(await failure(client(server)('GET', 'x', {signal: stop.signal}))).toBeInstanceOf(
    Interrupted,
  );
  expect(await failure(client(server)('GET', 'x', {signal: stop.signal}))).toBeInstanceOf(
    Interrupted,
  );
  expect(server.requests).toHaveLength(1);
});

test('says which service does not answer, and where', async () => {
  const error = await failure(
    createHttp('Service', {url: 'http://127.0.0.1:9', secondMs: 1})('GET', 'x'),
  );

  expect(error.message).toBe('Service at http://127.0.0.1:9 does not answer: ECONNREFUSED');
});
