import {unknown} from './api-error.js';
import {type AddRoute, authorize, type Call, payloadOf} from './api.js';
import {secretValue} from './payloads.js';
import type {World} from './world.js';

/** A name may have slashes, encoded or not. */
const path = '/api/secrets/v1/secret/:name{.+}';

/** The secrets service: an expired secret is a 404, and deleting one that is not there succeeds. */
export function secretRoutes(add: AddRoute, world: World): void {
  const {secrets, clock} = world;

  add('GET', path, 'get', (call) => {
    const name = nameIn(call);
    authorize(call, world, `secrets:get:${name}`);
    const found = secrets.get(name);
    if (found === undefined || found.expires < clock.now()) {
      throw unknown(`Secret ${name}`);
    }

    return {secret: found.secret, expires: new Date(found.expires).toISOString()};
  });

  add('PUT', path, 'set', (call) => {
    const name = nameIn(call);
    authorize(call, world, `secrets:set:${name}`);
    const {secret, expires} = payloadOf<{secret: Record<string, unknown>; expires: string}>(
      call,
      secretValue,
    );
    secrets.set(name, {secret, expires: Date.parse(expires)});
    return {};
  });

  add('DELETE', path, 'remove', (call) => {
    const name = nameIn(call);
    authorize(call, world, `secrets:set:${name}`);
    secrets.delete(name);
    return {};
  });
}

const nameIn = (call: Call) => call.req.param('name') ?? '';
