import {Buffer} from 'node:buffer';
import {unprocessable} from './api-error.js';
import type {DropletPlan} from './create.js';
import type {Image, Region, Size, SshKey} from './entities.js';
import {isTagName} from './tags.js';
import type {World} from './world.js';

export type Fields = Readonly<Record<string, unknown>>;

const hostname = /^[\d\-.a-z]*[\da-z]$/iv;
const maximumNames = 10;
const maximumUserData = 64 * 1024;

/** Reads the body of a create as the API does; throws its 422 for the first thing wrong. */
export function planNames({name, names}: Fields): string[] {
  if ((name === undefined) === (names === undefined)) {
    throw unprocessable('Exactly one of name and names is required.');
  }

  const wanted: unknown[] = Array.isArray(names) ? names : [name];
  if (wanted.length > maximumNames) {
    throw unprocessable(`You can only create up to ${maximumNames} droplets at once.`);
  }

  const hostnames = wanted.filter((each) => isHostname(each));
  if (wanted.length === 0 || hostnames.length < wanted.length) {
    throw unprocessable('Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)');
  }

  return hostnames;
}

/** What a create asks for besides its names, looked up; throws the 422 for the first thing wrong. */
export function planDroplet(world: World, body: Fields): DropletPlan {
  const size = findSize(world, body.size);
  const image = findImage(world, body.image);
  const region = findRegion(world, body.region, size);
  if (!image.regions.includes(region.slug)) {
    throw unprocessable('The image is not available in the requested region.');
  }

  if (size.disk < image.min_disk_size) {
    throw unprocessable(
      `Cannot create a droplet with a smaller disk (${size.disk}GB) than the image (${image.min_disk_size}GB)`,
    );
  }

  const isPublic = body.public_networking !== false;
  if (!isPublic && body.ipv6 === true) {
    throw unprocessable('IPv6 cannot be enabled when public networking is disabled.');
  }

  if (Array.isArray(body.volumes) && body.volumes.length > 0) {
    throw unprocessable('Failed to resolve volume');
  }

  return {
    size,
    image,
    region,
    keys: findKeys(world, body.ssh_keys),
    tags: readTags(world, body.tags),
    userData: readUserData(body.user_data),
    vpcUuid: findVpc(world, body.vpc_uuid, region),
    isPublic,
    hasIpv6: body.ipv6 === true,
    hasBackups: body.backups === true,
    isMonitored: body.monitoring === true,
    hasAgent: body.with_droplet_agent !== false,
  };
}

const isHostname = (name: unknown): name is string =>
  typeof name === 'string' && name.length <= 255 && hostname.test(name);

function findSize({store}: World, slug: unknown): Size {
  const size = store.sizes.find((each) => each.slug === slug);
  if (!size) {
    throw unprocessable('You specified an invalid size for Droplet creation.');
  }

  return size;
}

/** A numeric string is no image: a private one goes by its integer id. */
function findImage({store}: World, wanted: unknown): Image {
  const image =
    typeof wanted === 'number'
      ? store.images.get(wanted)
      : [...store.images.values()].find(({slug}) => slug !== undefined && slug === wanted);
  if (image?.status !== 'available') {
    throw unprocessable('You specified an invalid image for Droplet creation.');
  }

  return image;
}

/** A region may be a prefix such as nyc, or left out. */
function findRegion({store, settings}: World, wanted: unknown, size: Size): Region {
  const prefix = typeof wanted === 'string' ? wanted : '';
  const exact = store.regions.filter(({slug}) => slug === prefix);
  const found =
    exact.length > 0 ? exact : store.regions.filter(({slug}) => slug.startsWith(prefix));
  const isOpen = ({slug, available}: Region) => available && !settings.closedRegions.includes(slug);
  const candidates = found.filter((region) => isOpen(region));
  if (candidates.length === 0) {
    throw unprocessable('Region is not available');
  }

  const region = candidates.find(
    ({slug}) =>
      size.available &&
      size.regions.includes(slug) &&
      !settings.soldOut.includes(size.slug) &&
      !settings.soldOut.includes(`${size.slug}:${slug}`),
  );
  if (!region) {
    throw unprocessable('Size is not available in this region.');
  }

  return region;
}

function findKeys(world: World, wanted: unknown): SshKey[] {
  const identifiers: unknown[] = Array.isArray(wanted) ? wanted : [];
  const usable = [...world.store.keys.values()].filter(
    ({createdAt}) => createdAt + world.settings.keyLagMs <= world.now(),
  );
  const found = identifiers.map((identifier) =>
    usable.find(
      ({id, fingerprint}) => String(id) === String(identifier) || fingerprint === identifier,
    ),
  );
  const unknown = identifiers.filter((_, index) => found[index] === undefined);
  if (unknown.length > 0) {
    throw unprocessable(`${unknown.join(', ')} are invalid key identifiers for Droplet creation.`);
  }

  return found.filter((key) => key !== undefined);
}

function readTags({settings}: World, tags: unknown): string[] {
  if ((tags ?? undefined) === undefined || settings.dropTags) {
    return [];
  }

  const given: unknown[] = Array.isArray(tags) ? tags : [tags];
  const names = given.filter((tag) => isTagName(tag));
  if (!Array.isArray(tags) || names.length < given.length) {
    throw unprocessable('There was an error while trying to create your tags. Please try again.');
  }

  return names;
}

function readUserData(userData: unknown): string {
  if ((userData ?? undefined) === undefined) {
    return '';
  }

  if (typeof userData !== 'string') {
    throw unprocessable('User data must be a string.');
  }

  if (Buffer.byteLength(userData) > maximumUserData) {
    throw unprocessable('User data is too long (maximum is 64 KiB).');
  }

  return userData;
}

function findVpc({store}: World, wanted: unknown, region: Region): string {
  const vpcs = [...store.vpcs.values()].filter((vpc) => vpc.region === region.slug);
  const vpc = vpcs.find(({id, isDefault}) => (wanted === undefined ? isDefault : id === wanted));
  if (!vpc) {
    throw unprocessable('You specified an invalid VPC for Droplet creation.');
  }

  return vpc.id;
}
