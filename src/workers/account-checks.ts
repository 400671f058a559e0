import type {Context} from '../context.js';
import type {Size} from '../digitalocean/types.js';
import {ActionableError, UsageError, allChecks} from '../errors.js';
import {defaults} from './defaults.js';
import type {Plan} from './plan.js';
import {fallBack} from './refusals.js';

/** A region and a size in which droplets can be made now. */
export type Placement = {region: string; size: string; priceHourly: number};

/** Where the sizes asked for can be had now, in the order of preference. */
export function placementsIn({regions, sizes}: Plan, catalogue: Size[]): Placement[] {
  const knownRegions = [...new Set(catalogue.flatMap((size) => size.regions))].toSorted();
  const problems: string[] = [];
  for (const region of regions) {
    if (!knownRegions.includes(region)) {
      problems.push(`Region ${region} is unknown or closed; there are: ${knownRegions.join(', ')}`);
    }
  }

  for (const size of sizes) {
    if (catalogue.every(({slug}) => slug !== size)) {
      problems.push(
        `Size ${size} is unknown to this account; sizes near it: ${similar(size, catalogue).join(', ')}`,
      );
    }
  }

  if (problems.length > 0) {
    throw new UsageError(problems);
  }

  const placements = regions.flatMap((region) =>
    sizes.flatMap((slug) =>
      catalogue
        .filter((size) => size.slug === slug && size.available && size.regions.includes(region))
        .map((size) => ({region, size: slug, priceHourly: size.price_hourly})),
    ),
  );
  if (placements.length === 0) {
    throw new ActionableError(
      'SIZE_UNAVAILABLE',
      `Size ${sizes.join(', ')} cannot be had now in region ${regions.join(', ')}`,
      [fallBack],
    );
  }

  return placements;
}

function similar(wanted: string, catalogue: Size[]): string[] {
  const parts = new Set(wanted.split('-'));
  const score = (slug: string) => slug.split('-').filter((part) => parts.has(part)).length;
  return catalogue
    .filter(({available, regions}) => available && regions.length > 0)
    .map(({slug}) => slug)
    .toSorted((a, b) => score(b) - score(a))
    .slice(0, 5);
}

/** An image that does not exist would be found by the POST only. */
export async function checkImage(
  {image}: Plan,
  digitalOcean: Context['digitalOcean'],
  signal: AbortSignal,
): Promise<void> {
  if (image !== defaults.image && (await digitalOcean.find('image', image, signal)) === undefined) {
    throw new UsageError([
      `Image ${image} does not exist in this account; give the slug of a public image (${defaults.image}) or the id of one of yours`,
    ]);
  }
}

/** A VPC is in one region, so droplets in it cannot be in another. */
export async function checkVpc(
  {vpc, regions}: Plan,
  digitalOcean: Context['digitalOcean'],
  signal: AbortSignal,
): Promise<void> {
  if (vpc === undefined) {
    return;
  }

  const found = await digitalOcean.find('vpc', vpc, signal);
  const region = found?.vpc?.region;
  if (region === undefined) {
    throw new UsageError([`VPC ${vpc} is not in this account; list them: doctl vpcs list`]);
  }

  const others = regions.filter((each) => each !== region);
  if (others.length > 0) {
    throw new UsageError([
      `VPC ${vpc} is in ${region}, so no droplet in ${others.join(', ')} can be`,
    ]);
  }
}

/** All keys that the account does not have, at once. */
export async function checkSshKeys(
  {sshKeys}: Plan,
  digitalOcean: Context['digitalOcean'],
  signal: AbortSignal,
): Promise<void> {
  await allChecks(
    sshKeys.map(async (key) => {
      if ((await digitalOcean.find('sshKey', key, signal)) === undefined) {
        throw new UsageError([
          `SSH key ${key} is not in this account; list them: doctl compute ssh-key list`,
        ]);
      }
    }),
  );
}
