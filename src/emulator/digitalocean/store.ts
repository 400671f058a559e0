import {randomUUID} from 'node:crypto';
import {standardCatalogue, type Catalogue} from './catalogue.js';
import type {Action, Droplet, Firewall, Image, Size, Region, SshKey, Tag, Vpc} from './entities.js';

export type Store = {
  readonly sizes: Size[];
  readonly regions: Region[];
  readonly images: Map<number, Image>;
  /** Snapshot id → droplet id. */
  readonly snapshotSources: Map<number, number>;
  readonly droplets: Map<number, Droplet>;
  /** Destroyed and failed ones too. */
  readonly everyDroplet: Droplet[];
  readonly actions: Map<number, Action>;
  readonly keys: Map<number, SshKey>;
  /** By lower-case name. */
  readonly tags: Map<string, Tag>;
  readonly firewalls: Map<string, Firewall>;
  readonly vpcs: Map<string, Vpc>;
  readonly nextId: Record<'droplet' | 'action' | 'key' | 'image' | 'host', () => number>;
};

/** An account with nothing but a catalogue, standard where none is given, and a default VPC in each region. */
export function createStore(given: Partial<Catalogue>, now: number): Store {
  const {sizes, regions, images} = {...standardCatalogue(), ...given};
  return {
    sizes,
    regions,
    images: new Map(images.map((image) => [image.id, image])),
    snapshotSources: new Map(),
    droplets: new Map(),
    everyDroplet: [],
    actions: new Map(),
    keys: new Map(),
    tags: new Map(),
    firewalls: new Map(),
    vpcs: new Map(
      regions.map((region, index) => defaultVpc(region, index, now)).map((vpc) => [vpc.id, vpc]),
    ),
    nextId: {
      droplet: countFrom(512_000_100),
      action: countFrom(2_410_000_500),
      key: countFrom(48_100_200),
      image: countFrom(230_000_300),
      host: countFrom(0),
    },
  };
}

function defaultVpc({slug}: Region, index: number, createdAt: number): Vpc {
  return {
    id: randomUUID(),
    name: `default-${slug}`,
    description: '',
    region: slug,
    ipRange: `10.${100 + index}.0.0/20`,
    isDefault: true,
    createdAt,
  };
}

function countFrom(first: number): () => number {
  let next = first;
  return () => next++;
}
