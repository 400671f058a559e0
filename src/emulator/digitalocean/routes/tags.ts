import {randomUUID} from 'node:crypto';
import {ApiError, notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App} from '../app.js';
import type {Tag} from '../entities.js';
import {page} from '../pages.js';
import {ensureTag, findTag, isTagName} from '../tags.js';
import {isAllowed, demand, type World} from '../world.js';
import {tagResourceRoutes} from './tag-resources.js';

/** Tags and how many carry them; deleting one takes it off everything and deletes nothing else. */
export function tagRoutes(app: App, world: World): void {
  const {tags, droplets, images, firewalls} = world.store;
  const find = (name: string) => {
    const tag = findTag(world, name);
    if (!tag) {
      throw notFound();
    }

    return tag;
  };

  app.get('/v2/tags', (c) => {
    demand(world, 'tag:read');
    return page(c, 'tags', [...tags.values()], (tag) => presentTag(world, tag));
  });

  app.post('/v2/tags', (c) => {
    demand(world, 'tag:create');
    const {name} = fields(c);
    if (!isTagName(name)) {
      return c.json(invalidTag(name), 400, {'x-request-id': randomUUID()});
    }

    if (tags.has(name.toLowerCase())) {
      const status = world.settings.existingTagStatus;
      if (status >= 400) {
        throw new ApiError(status, 'Tag already exists');
      }

      return c.json({tag: presentTag(world, ensureTag(world, name))}, status === 200 ? 200 : 201);
    }

    return c.json({tag: presentTag(world, ensureTag(world, name))}, 201);
  });

  app.get('/v2/tags/:tag', (c) => {
    demand(world, 'tag:read');
    return c.json({tag: presentTag(world, find(c.req.param('tag')))});
  });

  app.delete('/v2/tags/:tag', (c) => {
    demand(world, 'tag:delete');
    const key = find(c.req.param('tag')).name.toLowerCase();
    tags.delete(key);
    for (const droplet of droplets.values()) {
      droplet.tags.delete(key);
    }

    for (const image of images.values()) {
      image.tags = image.tags.filter((tag) => tag.toLowerCase() !== key);
    }

    for (const firewall of firewalls.values()) {
      firewall.tags.delete(key);
    }

    return noContent(c);
  });

  app.put('/v2/tags/:tag', () => {
    throw unprocessable('Renaming tags is no longer supported');
  });

  tagResourceRoutes(app, world, find);
}

function presentTag(world: World, {name, lastTagged}: Tag) {
  const key = name.toLowerCase();
  const {droplets, images} = world.store;
  const tagged = [...droplets.values()].filter(({tags}) => tags.has(key)).length;
  const pictured = [...images.values()].filter(({tags}) => tags.includes(name)).length;
  const counts = {
    droplets: isAllowed(world, 'droplet:read') ? tagged : 0,
    images: isAllowed(world, 'image:read') ? pictured : 0,
  };
  const last = counts.droplets > 0 && lastTagged !== undefined && {last_tagged_uri: lastTagged};
  return {
    name,
    resources: {
      count: counts.droplets + counts.images,
      ...last,
      droplets: {count: counts.droplets, ...last},
      images: {count: counts.images},
      volumes: {count: 0},
      volume_snapshots: {count: 0},
      databases: {count: 0},
    },
  };
}

/** The one error of the API in another shape. */
function invalidTag(name: unknown) {
  const error = `Error validating resource tag: "tag-name ${JSON.stringify(name)} contains invalid characters"`;
  return {
    error,
    messages: null,
    root_causes: [`rpc error: code = InvalidArgument desc = ${error}`],
  };
}
