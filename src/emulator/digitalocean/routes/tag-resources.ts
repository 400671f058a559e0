import {notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App, type Call} from '../app.js';
import type {Tag} from '../entities.js';
import {tagDroplet} from '../tags.js';
import {existingDroplet} from '../visible.js';
import {demand, type World} from '../world.js';

type Resource = {type: 'droplet' | 'image'; id: string};

/** A tag must exist before it can be given here. */
export function tagResourceRoutes(app: App, world: World, find: (name: string) => Tag): void {
  const path = '/v2/tags/:tag/resources';

  app.post(path, (c) => {
    demand(world, 'tag:create', 'droplet:update');
    const {name} = find(c.req.param('tag'));
    for (const {type, id} of resources(c, world)) {
      if (type === 'droplet') {
        tagDroplet(world, existingDroplet(world, id), name);
      } else {
        setImageTag(world, id, name, true);
      }
    }

    return noContent(c);
  });

  app.delete(path, (c) => {
    demand(world, 'tag:delete', 'droplet:update');
    const {name} = find(c.req.param('tag'));
    for (const {type, id} of resources(c, world)) {
      if (type === 'droplet') {
        existingDroplet(world, id).tags.delete(name.toLowerCase());
      } else {
        setImageTag(world, id, name, false);
      }
    }

    return noContent(c);
  });
}

/** All of them exist, or nothing is done. */
function resources(c: Call, world: World): Resource[] {
  const {resources: given} = fields(c);
  if (!Array.isArray(given)) {
    throw unprocessable('resources is required.');
  }

  return given.map((each: unknown) => {
    const {resource_id: id, resource_type: type} = new Object(each) as Record<string, unknown>;
    if (typeof id !== 'string') {
      throw unprocessable('resource_id must be a string.');
    }

    if (type !== 'droplet' && type !== 'image') {
      throw notFound();
    }

    if (type === 'droplet') {
      existingDroplet(world, id);
    } else if (!world.store.images.has(Number(id))) {
      throw notFound();
    }

    return {type, id};
  });
}

function setImageTag({store}: World, id: string, name: string, isTagged: boolean): void {
  const image = store.images.get(Number(id));
  if (!image) {
    throw notFound();
  }

  const others = image.tags.filter((tag) => tag !== name);
  image.tags = isTagged ? [...others, name] : others;
}
