import {createHash} from 'node:crypto';
import {notFound} from './api-error.js';
import type {Droplet} from './entities.js';
import {findTag} from './tags.js';
import type {World} from './world.js';

export type Filter = {
  tag?: string | undefined;
  name?: string | undefined;
  type?: string | undefined;
};

/** The droplet of that id once GET knows it. */
export function readableDroplet(world: World, id: string): Droplet {
  return dropletAfter(world, id, world.settings.getLagMs);
}

/** The droplet of that id once DELETE knows it. */
export function deletableDroplet(world: World, id: string): Droplet {
  return dropletAfter(world, id, world.settings.deleteLagMs);
}

function dropletAfter(world: World, id: string, lagMs: number): Droplet {
  const droplet = existingDroplet(world, id);
  if (world.now() < droplet.createdAt + lagMs) {
    throw notFound();
  }

  return droplet;
}

/** The droplet of that id, before GET and lists know it too; throws the 404 for none. */
export function existingDroplet({store}: World, id: string): Droplet {
  const droplet = store.droplets.get(Number(id));
  if (!droplet) {
    throw notFound();
  }

  return droplet;
}

/** What a list shows now. */
export function listedDroplets(world: World, {tag, name, type}: Filter): Droplet[] {
  const {settings, store} = world;
  const now = world.now();
  const key = tag === undefined ? undefined : findTag(world, tag)?.name.toLowerCase();
  const hasTag = ({tags}: Droplet) => {
    const since = key === undefined ? undefined : tags.get(key);
    return since !== undefined && since + settings.tagLagMs <= now;
  };

  const isWanted = (droplet: Droplet) =>
    droplet.createdAt + settings.listLagMs <= now &&
    (tag === undefined || hasTag(droplet)) &&
    (name === undefined || droplet.name.toLowerCase() === name.toLowerCase()) &&
    isOfType(droplet, type, tag !== undefined && settings.gpuInTagList);

  const found = [...store.droplets.values()].filter((droplet) => isWanted(droplet));
  return settings.shuffleLists ? found.toSorted((a, b) => order(a).localeCompare(order(b))) : found;
}

function isOfType({size}: Droplet, type: string | undefined, hasGpus: boolean): boolean {
  const isGpu = size.gpu_info !== undefined;
  return hasGpus || isGpu === (type === 'gpus');
}

const order = ({id}: Droplet) => createHash('md5').update(String(id)).digest('hex');
