import {randomUUID} from 'node:crypto';
import {setMaxListeners} from 'node:events';
import type {HttpBindings} from '@hono/node-server';
import {RESPONSE_ALREADY_SENT} from '@hono/node-server/utils/response';
import {untilGivenUp} from '../given-up.js';
import {errorBody} from './api-error.js';
import type {App} from './app.js';
import {createFaultFinder, type Fault, type FaultKind} from './faults.js';
import type {DigitalOceanOptions} from './options.js';
import type {RateLimiter} from './rate-limit.js';
import type {World} from './world.js';

export type LoggedRequest = {
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  /** Emulated time. */
  readonly time: number;
  /** Without the authorization. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON, else the text; undefined when there is none. */
  readonly body: unknown;
  /** Missing until answered, and for good when the connection was dropped. */
  status?: number;
  fault?: FaultKind;
};

type Edge = {
  world: World;
  app: App;
  limiter: RateLimiter;
  requests: LoggedRequest[];
  faults: Fault[];
  hooks: Pick<DigitalOceanOptions, 'onRequest' | 'onResponse'>;
};

/** What stands between the wire and the API: the log, the hooks, the faults and the common headers. */
export function createEdge({world, app, limiter, requests, faults, hooks}: Edge) {
  const {clock, closing, settings} = world;
  const findFault = createFaultFinder(faults, settings);
  setMaxListeners(0, closing);

  const wait = async (ms: number) => {
    if (ms > 0) {
      await clock.sleep(ms, closing).catch(() => undefined);
    }
  };

  return async (request: Request, {incoming}: HttpBindings): Promise<Response> => {
    const entry = await logged(request, incoming, clock.now());
    requests.push(entry);
    await hooks.onRequest?.(entry);

    const fault = findFault(entry.method, entry.path);
    if (fault) {
      entry.fault = fault.kind;
    }

    await wait(settings.slowMs + (fault?.kind === 'slow' ? (fault.ms ?? 1000) : 0));

    if (fault?.kind === 'hang' || fault?.kind === 'drop-before') {
      return lose(fault, incoming);
    }

    const response = (fault && instead(fault)) ?? (await app.fetch(request, {body: entry.body}));
    await hooks.onResponse?.(entry);
    if (fault?.kind === 'hang-after' || fault?.kind === 'drop-after') {
      return lose(fault, incoming);
    }

    const answer = fault?.kind === 'error-after' ? failure(fault) : response;
    entry.status = answer.status;
    return withHeaders(answer, fault, limiter, world);
  };
}

async function logged(
  request: Request,
  {method = 'GET', url: path = '/', headers}: HttpBindings['incoming'],
  time: number,
): Promise<LoggedRequest> {
  const {authorization: _, ...others} = headers;
  const text = ['GET', 'HEAD'].includes(method) ? '' : await request.text();
  return {method, path, time, headers: others as Record<string, string>, body: parsed(text)};
}

function parsed(text: string): unknown {
  if (text === '') {
    return undefined;
  }

  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function instead(fault: Fault): Response | undefined {
  if (fault.kind === 'status') {
    return failure(fault);
  }

  if (fault.kind !== 'html') {
    return undefined;
  }

  const status = fault.status ?? 502;
  const title = status === 503 ? '503 Service Unavailable' : `${status} Bad Gateway`;
  return new Response(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`,
    {status, headers: {'content-type': 'text/html'}},
  );
}

function failure({status = 500, message = 'Unexpected server-side error'}: Fault): Response {
  return Response.json(errorBody(status, message, randomUUID()), {status});
}

function withHeaders(
  response: Response,
  fault: Fault | undefined,
  limiter: RateLimiter,
  {now, settings}: World,
): Response {
  const answer = new Response(response.body, response);
  const skewMs = settings.dateSkewSeconds * 1000;
  const isFromEdge = fault?.kind === 'html';
  const common = {
    date: new Date(now() + skewMs).toUTCString(),
    ...(!isFromEdge && {
      ...limiter.headers(),
      'x-request-id': randomUUID(),
      'x-gateway': 'Edge-Gateway',
      'x-response-from': 'service',
    }),
    ...Object.fromEntries(response.headers),
    ...fault?.headers,
  };
  for (const [name, value] of Object.entries(common)) {
    answer.headers.set(name, value);
  }

  return answer;
}

/** No answer: at once, or when the other side gives up. */
async function lose({kind}: Fault, incoming: HttpBindings['incoming']): Promise<Response> {
  if (kind === 'hang' || kind === 'hang-after') {
    await untilGivenUp(incoming);
  }

  incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}
