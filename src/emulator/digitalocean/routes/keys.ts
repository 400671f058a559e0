import {notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App} from '../app.js';
import type {SshKey} from '../entities.js';
import {addKey} from '../keys.js';
import {page} from '../pages.js';
import {demand, type World} from '../world.js';

const one = '/v2/account/keys/:identifier';

/** The account's SSH keys, each by id or fingerprint; droplets keep a key that is deleted. */
export function keyRoutes(app: App, world: World): void {
  const {keys} = world.store;
  const find = (identifier: string) => {
    const key = [...keys.values()].find(
      ({id, fingerprint}) => String(id) === identifier || fingerprint === identifier,
    );
    if (!key) {
      throw notFound();
    }

    return key;
  };

  app.get('/v2/account/keys', (c) => {
    demand(world, 'ssh_key:read');
    return page(c, 'ssh_keys', [...keys.values()], presentKey);
  });

  app.post('/v2/account/keys', (c) => {
    demand(world, 'ssh_key:create');
    const {name, public_key: publicKey} = fields(c);
    if (typeof name !== 'string' || name === '') {
      throw unprocessable("Name can't be blank");
    }

    const key = addKey(world, name, typeof publicKey === 'string' ? publicKey : '');
    return c.json({ssh_key: presentKey(key)}, 201);
  });

  app.get(one, (c) => {
    demand(world, 'ssh_key:read');
    return c.json({ssh_key: presentKey(find(c.req.param('identifier')))});
  });

  app.put(one, (c) => {
    demand(world, 'ssh_key:update');
    const key = find(c.req.param('identifier'));
    const {name} = fields(c);
    if (typeof name === 'string') {
      key.name = name;
    }

    return c.json({ssh_key: presentKey(key)});
  });

  app.delete(one, (c) => {
    demand(world, 'ssh_key:delete');
    keys.delete(find(c.req.param('identifier')).id);
    return noContent(c);
  });
}

function presentKey({id, fingerprint, publicKey, name}: SshKey) {
  return {id, fingerprint, public_key: publicKey, name};
}
