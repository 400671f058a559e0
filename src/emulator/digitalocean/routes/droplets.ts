import {ApiError, notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App, type Call} from '../app.js';
import {createDroplet, type Created} from '../create.js';
import {destroy} from '../lifecycle.js';
import {page} from '../pages.js';
import {planDroplet, planNames, type Fields} from '../plan.js';
import {presentDroplet, readDroplet} from '../present.js';
import {findTag} from '../tags.js';
import {deletableDroplet, listedDroplets, readableDroplet} from '../visible.js';
import {demand, type World} from '../world.js';

/** Droplets: create, list and read them, delete one or all of a tag; autoscale pools are a 404. */
export function dropletRoutes(app: App, world: World): void {
  app.post('/v2/droplets', (c) => {
    demand(world, ...createScopes(fields(c)));
    const created = createDroplets(world, fields(c));
    return c.json(presentCreated(c, world, created, Array.isArray(fields(c).names)), 202);
  });

  app.get('/v2/droplets', (c) => {
    const {tag_name: tag, name, type} = c.req.query();
    demand(world, 'droplet:read', ...(tag === undefined ? [] : ['tag:read']));
    if (tag !== undefined && (name !== undefined || type !== undefined)) {
      throw unprocessable('tag_name cannot be combined with name or type.');
    }

    if (tag !== undefined && world.settings.unknownTagList404 && !findTag(world, tag)) {
      throw notFound();
    }

    const found = listedDroplets(world, {tag, name, type});
    return page(c, 'droplets', found, (droplet) => readDroplet(world, droplet));
  });

  app.delete('/v2/droplets', (c) => {
    demand(world, 'droplet:delete', 'tag:read');
    destroyTagged(world, c.req.query('tag_name'));
    return noContent(c);
  });

  app.all('/v2/droplets/autoscale/*', () => {
    throw notFound();
  });

  app.get('/v2/droplets/:id', (c) => {
    demand(world, 'droplet:read');
    return c.json({droplet: readDroplet(world, readableDroplet(world, c.req.param('id')))});
  });

  app.delete('/v2/droplets/:id', (c) => {
    demand(world, 'droplet:delete');
    destroy(world, deletableDroplet(world, c.req.param('id')));
    return noContent(c);
  });
}

function createScopes({tags, ssh_keys: keys, vpc_uuid: vpc, monitoring}: Fields): string[] {
  const isFilled = (value: unknown) => Array.isArray(value) && value.length > 0;
  return [
    'droplet:create',
    'droplet:read',
    'regions:read',
    'sizes:read',
    'actions:read',
    'image:read',
    ...(isFilled(tags) ? ['tag:create', 'tag:read'] : []),
    ...(isFilled(keys) ? ['ssh_key:read'] : []),
    ...(vpc === undefined ? [] : ['vpc:read']),
    ...(monitoring === true ? ['monitoring:create'] : []),
  ];
}

/** All or nothing at the droplet limit, unless a switch says otherwise. */
function createDroplets(world: World, body: Fields): Created[] {
  const {settings, store} = world;
  if (settings.accountStatus === 'locked') {
    throw new ApiError(403, 'You do not have permission to perform this action.');
  }

  const names = planNames(body);
  const plan = planDroplet(world, body);
  const free = Math.max(0, settings.dropletLimit - store.droplets.size);
  if (names.length > free && !(settings.partialMultiCreate && free > 0)) {
    throw unprocessable('creating this/these droplet(s) will exceed your droplet limit');
  }

  return names.slice(0, free).map((name) => createDroplet(world, name, plan));
}

function presentCreated(c: Call, world: World, created: Created[], isMany: boolean) {
  const origin = world.settings.absoluteHrefs ? new URL(c.req.url).origin : '';
  const droplets = created.map(({droplet}) => presentDroplet(world, droplet));
  const actions = created.map(({action: {id}}) => ({
    id,
    rel: 'create',
    href: `${origin}/v2/actions/${id}`,
  }));
  return {...(isMany ? {droplets} : {droplet: droplets[0]}), links: {actions}};
}

/** Leaves busy droplets alone without a word. */
function destroyTagged(world: World, tag: string | undefined): void {
  if (tag === undefined || tag === '') {
    throw unprocessable('tag_name is required.');
  }

  const found = listedDroplets(world, {tag});
  if (found.length === 0 && world.settings.missingTagDelete404) {
    throw notFound();
  }

  for (const droplet of found) {
    if (world.settings.bulkDeleteSkips > 0) {
      world.settings.bulkDeleteSkips--;
      continue;
    }

    try {
      destroy(world, droplet);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }
}
