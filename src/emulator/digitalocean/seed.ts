import type {Catalogue} from './catalogue.js';
import {addDroplet} from './create.js';
import type {Droplet, DropletStatus} from './entities.js';
import type {Fault} from './faults.js';
import {addKey} from './keys.js';
import type {DigitalOceanSettings} from './options.js';
import {boot} from './power.js';
import {ensureTag} from './tags.js';
import type {World} from './world.js';

/** A droplet made before, or by somebody else. It boots only when it has user-data. */
export type SeedDroplet = {
  name: string;
  tags?: string[];
  size?: string;
  region?: string;
  image?: string | number;
  status?: DropletStatus;
  ageSeconds?: number;
  userData?: string;
};

export type SeedKey = {name: string; publicKey: string};

export type DropletSeed = {
  droplets?: SeedDroplet[];
  keys?: SeedKey[];
  tags?: string[];
  /** What is given replaces the standard sizes, regions or images. */
  catalogue?: Partial<Catalogue>;
  switches?: Partial<DigitalOceanSettings>;
  faults?: Fault[];
};

/** Adds the tags, keys and droplets of a seed; its catalogue, switches and faults are the caller's. */
export function plant(world: World, {droplets = [], keys = [], tags = []}: DropletSeed): void {
  for (const tag of tags) {
    ensureTag(world, tag);
  }

  for (const {name, publicKey} of keys) {
    addKey(world, name, publicKey);
  }

  for (const droplet of droplets) {
    plantDroplet(world, droplet);
  }
}

/** Whoever made it did so under the rules of another day, so only what it names must exist. */
export function plantDroplet(world: World, seed: SeedDroplet): Droplet {
  const {userData = '', tags = [], ageSeconds = 3600, status = 'active'} = seed;
  const ageMs = ageSeconds * 1000;
  const createdAt = world.now() - ageMs;
  const plan = {
    ...whatItNames(world, seed),
    keys: [],
    tags,
    userData,
    isPublic: true,
    hasIpv6: false,
    hasBackups: false,
    isMonitored: false,
    hasAgent: true,
  };
  const droplet = addDroplet(world, seed.name, plan, {createdAt});
  droplet.status = status;
  if (status !== 'new') {
    droplet.activeReads = Infinity;
  }

  for (const tag of droplet.tags.keys()) {
    droplet.tags.set(tag, createdAt);
  }

  if (status === 'active' && userData !== '') {
    boot(world, droplet);
  }

  return droplet;
}

function whatItNames({store}: World, seed: SeedDroplet) {
  const size = store.sizes.find(({slug}) => slug === (seed.size ?? 's-1vcpu-1gb'));
  const region = store.regions.find(({slug}) => slug === (seed.region ?? 'nyc3'));
  const wanted = seed.image ?? 'ubuntu-24-04-x64';
  const image = [...store.images.values()].find(({id, slug}) => id === wanted || slug === wanted);
  if (!size || !region || !image) {
    throw new Error(`The catalogue lacks the size, region or image of ${seed.name}`);
  }

  const vpc = [...store.vpcs.values()].find((each) => each.region === region.slug);
  return {size, region, image, vpcUuid: vpc?.id ?? ''};
}
