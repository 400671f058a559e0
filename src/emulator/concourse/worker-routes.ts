import type {Context, Hono} from 'hono';
import {type Caller, isAdmin, isSystemOrAdmin, canActOn, teamsOf} from './access.js';
import {goDurationMs} from './duration.js';
import {
  actForTeam,
  deleteWorker,
  heartbeatWorker,
  landWorker,
  pruneWorker,
  registerWorker,
  type Reply,
  retireWorker,
} from './worker-actions.js';
import type {Worker, World} from './world.js';

export type CallerOf = (c: Context) => Caller;

/** The ATC's endpoints for workers, and who may use them in which release (facts 2). */
export function workerRoutes(app: Hono, world: World, callerOf: CallerOf): void {
  const {wantsBody} = world.release;

  app.get('/api/v1/workers', (c) => {
    const caller = callerOf(c);
    if (caller.kind === 'nobody') {
      return unauthorized(c);
    }

    if (wantsBody && caller.kind === 'user' && teamsOf(caller).length === 0) {
      return forbidden(c);
    }

    world.reads++;
    const isBlindNode = world.settings.secondReadOnly && world.reads % 2 === 1;
    return c.json(isBlindNode ? [] : visibleWorkers(world, caller));
  });

  app.put('/api/v1/workers/:name/prune', (c) =>
    forActor(c, () => pruneWorker(world, c.req.param('name'))),
  );
  app.put('/api/v1/workers/:name/land', async (c) => actWithBody(c, landWorker));
  app.put('/api/v1/workers/:name/retire', async (c) => actWithBody(c, retireWorker));

  app.delete('/api/v1/workers/:name', async (c) => {
    const caller = callerOf(c);
    if (caller.kind === 'nobody') {
      return unauthorized(c);
    }

    const name = c.req.param('name');
    if (wantsBody) {
      return caller.kind === 'system'
        ? answer(c, actForTeam(world, name, await teamInBody(c), deleteWorker))
        : forbidden(c);
    }

    const row = world.rows.get(name);
    // The trap of 8.2.5 and before: 200 for those who may not, and nothing is deleted.
    const isIgnored = row !== undefined && !canActOn(caller, row.worker.team);
    return answer(c, isIgnored ? {status: 200} : deleteWorker(world, name));
  });

  app.put('/api/v1/workers/:name/heartbeat', async (c) =>
    forTheTsa(c, wantsBody, (ttlMs) => heartbeatWorker(world, c.req.param('name'), ttlMs)),
  );
  app.post('/api/v1/workers', async (c) => {
    const registration = await jsonBody(c);
    return forTheTsa(c, true, (ttlMs) => registerWorker(world, registration, ttlMs));
  });

  async function actWithBody(c: Context, act: (world: World, name: string) => Reply) {
    const team = await teamInBody(c);
    return forActor(c, (name) => actForTeam(world, name, team, act));
  }

  function forActor(c: Context, act: (name: string) => Reply) {
    const caller = callerOf(c);
    if (caller.kind === 'nobody') {
      return unauthorized(c);
    }

    const name = c.req.param('name') ?? '';
    const row = world.rows.get(name);
    if (!isSystemOrAdmin(caller)) {
      if (!row) {
        return answer(c, {status: 404});
      }

      if (!canActOn(caller, row.worker.team)) {
        return forbidden(c);
      }
    }

    return answer(c, act(name));
  }

  function forTheTsa(c: Context, isSystemOnly: boolean, act: (ttlMs: number) => Reply) {
    const caller = callerOf(c);
    if (caller.kind === 'nobody') {
      return unauthorized(c);
    }

    if (isSystemOnly && caller.kind !== 'system') {
      return forbidden(c);
    }

    const ttlMs = goDurationMs(c.req.query('ttl') ?? '0');
    return ttlMs === undefined ? c.text('malformed ttl', 400) : answer(c, act(ttlMs));
  }
}

/** The 401 for a request without a token, or with one that is unknown or expired. */
export function unauthorized(c: Context): Response {
  return c.text('not authorized', 401);
}

/** The 403 for a token that may not do it. */
export function forbidden(c: Context): Response {
  return c.text('forbidden', 403);
}

function answer(c: Context, {status, body}: Reply): Response {
  if (body === undefined) {
    return c.body(null, status);
  }

  return typeof body === 'string' ? c.text(body, status) : c.json(body, status);
}

function visibleWorkers({rows}: World, caller: Caller): Worker[] {
  const teams = new Set(['', ...teamsOf(caller)]);
  const all = Array.from(rows.values(), ({worker}) => worker);
  return isAdmin(caller) ? all : all.filter(({team}) => teams.has(team));
}

async function jsonBody(c: Context): Promise<unknown> {
  try {
    return await c.req.json<unknown>();
  } catch {
    return undefined;
  }
}

/** The team a body names, "" when it is an object that names none, undefined when it is no JSON object. */
async function teamInBody(c: Context): Promise<string | undefined> {
  const body = await jsonBody(c);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return undefined;
  }

  const {team} = body as {team?: unknown};
  return team === undefined || typeof team === 'string' ? (team ?? '') : undefined;
}
