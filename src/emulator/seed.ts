import {
  makeImage,
  makeRegion,
  makeSize,
  standardCatalogue,
  type Catalogue,
} from './digitalocean/catalogue.js';
import type {Fault, FaultKind} from './digitalocean/faults.js';
import type {DropletSeed, SeedDroplet, SeedKey} from './digitalocean/seed.js';
import {readFields, type Fields} from './fields.js';
import {emulatorSwitches, type EmulatorOptions} from './options.js';
import {switchProblem} from './switches.js';

/** What an emulator starts with: `switches` are those of all its parts. */
export type Seed = Omit<DropletSeed, 'switches'> & {
  switches?: Partial<Omit<EmulatorOptions, 'seed'>>;
};

const faultKinds: readonly FaultKind[] = [
  'status',
  'html',
  'drop-before',
  'drop-after',
  'error-after',
  'slow',
  'hang',
  'hang-after',
];

/** The content of a seed file. Throws one error that names every problem. */
export function parseSeed(value: unknown): Seed {
  return readFields('seed', value, (fields) => {
    const catalogue = fields.object('catalogue', readCatalogue);
    const offered = {...standardCatalogue(), ...catalogue};
    return defined({
      droplets: fields.objects('droplets', (droplet) => readDroplet(droplet, offered)),
      keys: fields.objects('keys', readKey),
      tags: readTags(fields),
      catalogue,
      switches: fields.object('switches', readSwitches),
      faults: fields.objects('faults', readFault),
    });
  });
}

function readDroplet(fields: Fields, {sizes, regions, images}: Catalogue): SeedDroplet {
  const image = fields.any('image');
  const droplet = {
    name: required(fields, 'name'),
    tags: readTags(fields),
    size: fields.string('size'),
    region: fields.string('region'),
    image: image as string | number | undefined,
    status: fields.oneOf('status', ['new', 'active', 'off', 'archive']),
    ageSeconds: fields.number('ageSeconds'),
    userData: fields.string('userData'),
  };

  if (!/^[\d\-.a-z]*[\da-z]$/iv.test(droplet.name)) {
    fields.problem('name', 'must be a hostname');
  }

  const {size: sizeSlug = 's-1vcpu-1gb', region: regionSlug = 'nyc3'} = droplet;
  if (sizes.every(({slug}) => slug !== sizeSlug)) {
    fields.problem('size', `must be a size of the catalogue, not ${sizeSlug}`);
  }

  if (regions.every(({slug}) => slug !== regionSlug)) {
    fields.problem('region', `must be a region of the catalogue, not ${regionSlug}`);
  }

  const wanted = image ?? 'ubuntu-24-04-x64';
  if (images.every(({id, slug}) => !(id === wanted || slug === wanted))) {
    fields.problem('image', `must be an image of the catalogue, not ${JSON.stringify(wanted)}`);
  }

  return defined(droplet);
}

function readKey(fields: Fields): SeedKey {
  return {name: required(fields, 'name'), publicKey: required(fields, 'publicKey')};
}

function readTags(fields: Fields): string[] | undefined {
  const tags = fields.strings('tags');
  const bad = tags?.filter((tag) => !/^[\w\-:]{1,255}$/v.test(tag)) ?? [];
  if (bad.length > 0) {
    fields.problem('tags', `may hold letters, digits, _, - and : only, not ${bad.join(', ')}`);
  }

  return tags;
}

function readCatalogue(fields: Fields): Partial<Catalogue> {
  return defined({
    sizes: fields.objects('sizes', (size) =>
      makeSize(
        defined({
          slug: required(size, 'slug'),
          memory: size.number('memory'),
          vcpus: size.number('vcpus'),
          disk: size.number('disk'),
          price_monthly: size.number('price_monthly'),
          price_hourly: size.number('price_hourly'),
          regions: size.strings('regions'),
          available: size.boolean('available'),
          description: size.string('description'),
        }),
      ),
    ),
    regions: fields.objects('regions', (region) =>
      makeRegion(
        defined({
          slug: required(region, 'slug'),
          name: region.string('name'),
          available: region.boolean('available'),
        }),
      ),
    ),
    images: fields.objects('images', (image) =>
      makeImage(
        defined({
          id: image.number('id') ?? missing(image, 'id', 0),
          slug: image.string('slug'),
          name: image.string('name'),
          distribution: image.string('distribution'),
          regions: image.strings('regions'),
          min_disk_size: image.number('min_disk_size'),
        }),
      ),
    ),
  });
}

function readSwitches(fields: Fields): Partial<EmulatorOptions> {
  const values: Record<string, unknown> = {};
  for (const each of emulatorSwitches) {
    const value = fields.any(each.name);
    if (value === undefined) {
      continue;
    }

    const problem = switchProblem(each, value);
    if (problem === undefined) {
      values[each.name] = value;
    } else {
      fields.problem(each.name, problem);
    }
  }

  return values;
}

function readFault(fields: Fields): Fault {
  return defined({
    method: fields.string('method'),
    path: required(fields, 'path'),
    after: fields.number('after'),
    times: fields.number('times'),
    kind: fields.oneOf('kind', faultKinds) ?? missing(fields, 'kind', 'status' as const),
    status: fields.number('status'),
    message: fields.string('message'),
    ms: fields.number('ms'),
  });
}

function required(fields: Fields, name: string): string {
  const value = fields.string(name);
  return value ?? missing(fields, name, '');
}

function missing<T>(fields: Fields, name: string, instead: T): T {
  if (fields.any(name) === undefined) {
    fields.problem(name, 'is missing');
  }

  return instead;
}

type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** Without the fields that were not given. */
function defined<T extends Record<string, unknown>>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
