import {type HttpBindings} from '@hono/node-server';
import {RESPONSE_ALREADY_SENT} from '@hono/node-server/utils/response';
import {Hono, type Context} from 'hono';
import {isCut} from '../ci-faults.js';
import {spoil} from '../spoil.js';
import {type Caller, callerOf, isAdmin} from './access.js';
import {advance} from './lifecycle.js';
import {loginRoutes} from './login.js';
import {forbidden, unauthorized, workerRoutes} from './worker-routes.js';
import type {World} from './world.js';

export type RequestLog = {
  readonly method: string;
  readonly path: string;
  /** 0 when the connection was ended without an answer. */
  readonly status: number;
  /** The user whose token was accepted, "system", or undefined. */
  readonly user: string | undefined;
};

const refusals: Record<number, (c: Context) => Response> = {401: unauthorized, 403: forbidden};

/** The ATC's HTTP API. `ownUrl` is asked late: the port is known only after listening. */
export function createApi(
  world: World,
  requests: RequestLog[],
  signingKey: string,
  ownUrl: () => string,
): Hono {
  const app = new Hono();
  const who = (c: Context) => callerOf(world, c.req.header('authorization'));

  app.use(async (c, next) => {
    const {method, path} = c.req;
    const request = {method, path};
    const user = nameOf(who(c));
    await world.settings.atConcourseRequest?.('before', request);
    advance(world);
    const fault = world.faults.take(method, path);
    const {incoming} = c.env as HttpBindings;
    const {clock} = world;
    const refuse = (status: number) => refusals[status]?.(c);
    const response = fault ? await spoil(fault, {incoming, next, refuse, clock}) : undefined;
    if (!fault) {
      await next();
    }

    await world.settings.atConcourseRequest?.('after', request);
    const isLost = fault !== undefined && isCut(fault);
    const status = isLost ? 0 : (response ?? c.res).status;
    requests.push({...request, status, user});
    if (isLost) {
      return RESPONSE_ALREADY_SENT;
    }

    if (fault?.kind !== 'html') {
      (response ?? c.res).headers.set('X-Concourse-Version', world.release.version);
    }

    return response;
  });

  app.get('/api/v1/info', (c) =>
    // Checked if provided: a stale token makes even this answer 401.
    c.req.header('authorization') !== undefined && who(c).kind === 'nobody'
      ? unauthorized(c)
      : c.json(infoOf(world, ownUrl())),
  );

  app.get('/api/v1/user', (c) => {
    const caller = who(c);
    return caller.kind === 'nobody' ? unauthorized(c) : c.json(userInfo(caller));
  });

  loginRoutes(app, world, signingKey);
  workerRoutes(app, world, who);
  return app;
}

function infoOf({release, settings}: World, ownUrl: string): Record<string, unknown> {
  return {
    version: release.version,
    worker_version: release.workerVersion,
    ...(release.hasFeatureFlags && {feature_flags: {}}),
    external_url: settings.externalUrl === '' ? ownUrl : settings.externalUrl,
    cluster_name: 'emulator',
  };
}

function userInfo(caller: Exclude<Caller, {kind: 'nobody'}>): Record<string, unknown> {
  const isSystem = caller.kind === 'system';
  const name = nameOf(caller);
  return {
    sub: name,
    name,
    user_id: name,
    user_name: name,
    email: '',
    is_admin: isAdmin(caller),
    is_system: isSystem,
    teams: isSystem ? {} : caller.user.teams,
    connector: 'local',
    display_user_id: name,
  };
}

function nameOf(caller: Caller): string | undefined {
  if (caller.kind === 'nobody') {
    return undefined;
  }

  return caller.kind === 'system' ? 'system' : caller.user.username;
}
