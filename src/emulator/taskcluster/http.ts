import {RESPONSE_ALREADY_SENT} from '@hono/node-server/utils/response';
import {Hono} from 'hono';
import {isCut} from '../ci-faults.js';
import {spoil} from '../spoil.js';
import {ApiError, errorBody, type ErrorCode} from './api-error.js';
import type {App, Call, Env} from './api.js';
import {nonceOf} from './hawk.js';
import {managerRoutes} from './manager-routes.js';
import {queueRoutes} from './queue-routes.js';
import {secretRoutes} from './secret-routes.js';
import {workerRoutes} from './worker-routes.js';
import {advance, type World} from './world.js';

export type RequestLog = {
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  /** 0 when the connection was ended without an answer. */
  readonly status: number;
  /** Who signed it, if that was checked and right. */
  readonly clientId: string | undefined;
  readonly nonce: string | undefined;
  readonly isSigned: boolean;
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown;
  readonly answer: unknown;
};

/** The worker-manager, the secrets service and a bit of the queue behind one root URL. */
export function createApi(world: World, requests: RequestLog[]): App {
  const app: App = new Hono<Env>();

  app.use(async (call, next) => {
    const {method = 'GET', url: path = '/', headers} = call.env.incoming;
    const request = {method, path};
    const body = parsed(await call.req.text());
    call.set('payload', body);
    await world.settings.atTaskclusterRequest?.('before', request);
    advance(world);

    const fault = world.faults.take(method, call.req.path);
    const {incoming} = call.env;
    const {clock} = world;
    const refuse = (status: number) => refusal(call, status, world);
    const response = fault ? await spoil(fault, {incoming, next, refuse, clock}) : undefined;
    if (!fault) {
      await next();
    }

    await world.settings.atTaskclusterRequest?.('after', request);
    const isLost = fault !== undefined && isCut(fault);
    const answered = response ?? call.res;
    answered.headers.set('date', dateOf(world));
    requests.push({
      ...request,
      status: isLost ? 0 : answered.status,
      clientId: call.get('clientId'),
      nonce: nonceOf(headers.authorization),
      isSigned: headers.authorization !== undefined,
      body,
      answer: isLost ? undefined : parsed(await answered.clone().text()),
    });
    return isLost ? RESPONSE_ALREADY_SENT : response;
  });

  for (const addRoutes of [workerRoutes, managerRoutes, queueRoutes, secretRoutes]) {
    addRoutes((method, path, name, handle) => {
      app.on(method, path, (call) => {
        call.set('endpoint', name);
        return call.json(handle(call) as Record<string, unknown>);
      });
    }, world);
  }

  app.notFound((call) => call.json({message: 'Not found'}, 404));
  app.onError((error, call) => answerError(call, error, world));
  return app;
}

const refusals: Record<number, [ErrorCode, string]> = {
  401: ['AuthenticationFailed', 'Unauthorized: Bad mac'],
  403: ['InsufficientScopes', 'Client lacks scopes.'],
};

function refusal(call: Call, status: number, world: World): Response | undefined {
  const known = refusals[status];
  return known && answerError(call, new ApiError(...known), world);
}

/** By the services' own time: by it clients tell how long ago something was. */
function dateOf({clock, settings}: World): string {
  const skewSeconds = settings.clockAheadSeconds + settings.taskclusterDateSkewSeconds;
  return new Date(clock.now() + skewSeconds * 1000).toUTCString();
}

function answerError(call: Call, error: Error, {clock}: World): Response {
  const known =
    error instanceof ApiError ? error : new ApiError('InternalServerError', error.message);
  const info = {
    method: call.get('endpoint') ?? '',
    params: call.req.param(),
    payload: call.get('payload') ?? {},
    time: new Date(clock.now()).toISOString(),
  };
  return call.json(errorBody(known, info), known.status);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
