import {randomUUID} from 'node:crypto';
import {Hono, type Context} from 'hono';
import type {ContentfulStatusCode} from 'hono/utils/http-status';
import {ApiError, errorBody, notFound} from './api-error.js';
import type {Fields} from './plan.js';
import type {RateLimiter} from './rate-limit.js';
import {accountRoutes} from './routes/account.js';
import {actionRoutes} from './routes/actions.js';
import {catalogueRoutes} from './routes/catalogue.js';
import {dropletActionRoutes} from './routes/droplet-actions.js';
import {dropletRoutes} from './routes/droplets.js';
import {dropletDetailRoutes} from './routes/droplet-details.js';
import {firewallRoutes} from './routes/firewalls.js';
import {imageRoutes} from './routes/images.js';
import {keyRoutes} from './routes/keys.js';
import {metadataRoutes} from './routes/metadata.js';
import {snapshotRoutes} from './routes/snapshots.js';
import {tagRoutes} from './routes/tags.js';
import {vpcRoutes} from './routes/vpcs.js';
import type {World} from './world.js';

export type Env = {Bindings: {body: unknown}};
export type App = Hono<Env>;
export type Call = Context<Env>;

const keyList = /^\/v2\/account\/keys\/?$/v;

/** The API itself: what is asked, what happens and what is answered. */
export function createApp(world: World, limiter: RateLimiter): App {
  const app: App = new Hono({strict: false});

  app.use('/v2/*', async (c, next) => {
    if (c.req.header('authorization') !== `Bearer ${world.settings.token}`) {
      throw new ApiError(401, 'Unable to authenticate you.');
    }

    limiter.take(c.req.method === 'GET' && keyList.test(c.req.path));
    await next();
  });

  const routes = [
    accountRoutes,
    keyRoutes,
    actionRoutes,
    catalogueRoutes,
    imageRoutes,
    snapshotRoutes,
    dropletActionRoutes,
    dropletRoutes,
    dropletDetailRoutes,
    tagRoutes,
    firewallRoutes,
    vpcRoutes,
    metadataRoutes,
  ];
  for (const add of routes) {
    add(app, world);
  }

  app.notFound((c) => answerError(c, notFound()));
  app.onError((error, c) => answerError(c, error));
  return app;
}

/** The body as an object; anything else counts as empty. */
export function fields(c: Call): Fields {
  const {body} = c.env;
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : {};
}

/** A 204, which has no body at all, not even an empty object. */
export const noContent = (c: Call): Response => c.body(null, 204);

function answerError(c: Context, error: Error): Response {
  const {status, message, headers} =
    error instanceof ApiError
      ? error
      : {status: 500, message: `Unexpected server-side error: ${error.message}`, headers: {}};
  return c.json(errorBody(status, message, randomUUID()), status as ContentfulStatusCode, headers);
}
