import {networks} from './addresses.js';
import type {Action, Droplet, Image, Region, Size} from './entities.js';
import {settle} from './lifecycle.js';
import {tagNames} from './tags.js';
import {isAllowed, timestamp, type World} from './world.js';

/** A look at a droplet through the API, which counts as a read. */
export function readDroplet(world: World, droplet: Droplet) {
  const {activeAfterReads} = world.settings;
  if (activeAfterReads > 0 && droplet.reads >= activeAfterReads) {
    settle(world, droplet);
  }

  droplet.reads++;
  if (droplet.status !== 'new') {
    droplet.activeReads++;
  }

  return presentDroplet(world, droplet);
}

/** A droplet as the API shows it at this moment, address lags and hidden fields included; counts as no read. */
export function presentDroplet(world: World, droplet: Droplet) {
  const {settings, store} = world;
  const {id, name, status, size, image, region, host} = droplet;
  const isUp = status !== 'new';
  const hasAddress = isUp && droplet.activeReads > settings.addressLagReads;
  const isPublic = droplet.isPublic && droplet.activeReads > settings.publicLagReads;
  return {
    id,
    name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: size.disk,
    disk_info: size.disk_info,
    locked: false,
    status,
    kernel: null,
    created_at: timestamp(droplet.createdAt),
    features: [...droplet.features],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [...store.snapshotSources]
      .filter(([, from]) => from === id)
      .map(([snapshot]) => snapshot),
    volume_ids: [],
    ...hideable(world, 'image:read', {image: presentImage(image)}, {image: {}}),
    size,
    size_slug: size.slug,
    networks: hasAddress ? networks(host, {isPublic, hasIpv6: droplet.hasIpv6}) : {v4: [], v6: []},
    region: presentRegion(world, region),
    ...(!settings.omitTags &&
      hideable(world, 'tag:read', {tags: tagNames(world, droplet)}, {tags: []})),
    ...(isUp && isAllowed(world, 'vpc:read') && {vpc_uuid: droplet.vpcUuid}),
    ...(size.gpu_info && {gpu_info: size.gpu_info}),
  };
}

type Hidden = Record<string, unknown>;

function hideable(world: World, scope: string, full: Hidden, empty: Hidden): Hidden {
  if (isAllowed(world, scope)) {
    return full;
  }

  return world.settings.hiddenFields === 'empty' ? empty : {};
}

/** A region as the API shows it, with the slugs of its sizes; a closed one has none. */
export function presentRegion({store}: World, region: Region) {
  const isOffered = ({regions}: Size) => regions.includes(region.slug);
  return {
    ...region,
    sizes: region.available
      ? store.sizes.filter((size) => isOffered(size)).map(({slug}) => slug)
      : [],
  };
}

/** An image as the API shows it: one without a slug has null there. */
export function presentImage(image: Image) {
  return {...image, slug: image.slug ?? null};
}

/** An action as the API shows it; `completed_at` is null while it is in progress. */
export function presentAction(world: World, action: Action) {
  return {
    id: action.id,
    status: action.status,
    type: action.type,
    started_at: timestamp(action.startedAt),
    completed_at: action.completedAt === undefined ? null : timestamp(action.completedAt),
    resource_id: action.resourceId,
    resource_type: action.resourceType,
    region: presentRegion(world, action.region),
    region_slug: action.region.slug,
  };
}

/** Snapshots have string ids in the list of snapshots and integer ones among images. */
export function presentSnapshot({store}: World, image: Image) {
  return {
    id: String(image.id),
    name: image.name,
    created_at: image.created_at,
    regions: image.regions,
    min_disk_size: image.min_disk_size,
    size_gigabytes: image.size_gigabytes,
    resource_id: String(store.snapshotSources.get(image.id) ?? 0),
    resource_type: 'droplet',
    tags: image.tags,
  };
}
