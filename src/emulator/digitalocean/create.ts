import type {Action, Droplet, Image, Region, Size, SshKey} from './entities.js';
import {settleInTime, startAction} from './lifecycle.js';
import {tagDroplet} from './tags.js';
import type {World} from './world.js';

export type DropletPlan = {
  size: Size;
  image: Image;
  region: Region;
  keys: SshKey[];
  tags: string[];
  userData: string;
  vpcUuid: string;
  isPublic: boolean;
  hasIpv6: boolean;
  hasBackups: boolean;
  isMonitored: boolean;
  hasAgent: boolean;
};

export type Created = {droplet: Droplet; action: Action};

/** A droplet that becomes active in time, or vanishes if it will fail, and the action that it waits for. */
export function createDroplet(world: World, name: string, plan: DropletPlan): Created {
  const {settings} = world;
  const willFail = settings.failCreate > 0 || hasWideCharacters(plan.userData);
  if (settings.failCreate > 0) {
    settings.failCreate--;
  }

  const droplet = addDroplet(world, name, plan, {willFail});
  const action = startAction(world, droplet, 'create');
  settleInTime(world, droplet);
  return {droplet, action};
}

/** Stores a droplet that is `new`, and makes its tags; neither an action nor a boot follows by itself. */
export function addDroplet(
  world: World,
  name: string,
  plan: DropletPlan,
  {createdAt = world.now(), willFail = false},
): Droplet {
  const {store} = world;
  const droplet: Droplet = {
    id: store.nextId.droplet(),
    name,
    status: 'new',
    size: plan.size,
    image: plan.image,
    region: plan.region,
    tags: new Map(),
    createdAt,
    userData: asMetadata(plan.userData),
    keys: plan.keys,
    vpcUuid: plan.vpcUuid,
    features: new Set([
      ...(plan.hasAgent ? ['droplet_agent'] : []),
      ...(plan.isMonitored ? ['monitoring'] : []),
      ...(plan.hasIpv6 ? ['ipv6'] : []),
      ...(plan.hasBackups ? ['backups'] : []),
    ]),
    isPublic: plan.isPublic,
    hasIpv6: plan.hasIpv6,
    hasBackups: plan.hasBackups,
    host: store.nextId.host(),
    reads: 0,
    activeReads: 0,
    willFail,
    isDestroying: false,
    event: undefined,
    goneAt: undefined,
    power: new AbortController(),
    console: [],
  };

  for (const tag of plan.tags) {
    tagDroplet(world, droplet, tag);
  }

  store.droplets.set(droplet.id, droplet);
  store.everyDroplet.push(droplet);
  return droplet;
}

function asMetadata(userData: string): string {
  const end = userData.search(/[^\0-\u{7F}]/v);
  return end === -1 ? userData : userData.slice(0, end);
}

/** Four bytes in UTF-8: such a droplet is accepted and never comes to be. */
const hasWideCharacters = (text: string) => /[\u{10000}-\u{10FFFF}]/v.test(text);
