import {ipv6, networks} from './addresses.js';
import type {Droplet} from './entities.js';
import {tagNames} from './tags.js';
import type {World} from './world.js';

export type Leaf = string | {[name: string]: Leaf};

const nameservers = ['67.207.67.2', '67.207.67.3'];

/** What the metadata service answers for v1.json, where numbers and flags keep their types. */
export function metadataDocument(world: World, droplet: Droplet) {
  const {outer, inner} = interfaces(droplet);
  const tags = tagNames(world, droplet);
  return {
    droplet_id: droplet.id,
    hostname: droplet.name,
    user_data: droplet.userData,
    vendor_data: '',
    public_keys: droplet.keys.map(({publicKey}) => publicKey),
    auth_key: '',
    region: droplet.region.slug,
    tags: tags.length === 0 ? null : tags,
    interfaces: {...(outer && {public: [outer]}), private: [inner]},
    floating_ip: {ipv4: {active: false}},
    reserved_ip: {ipv4: {active: false}},
    dns: {nameservers},
    features: {dhcp_enabled: false},
  };
}

/** What the metadata service answers for the paths below v1: every leaf is a text, a branch lists its names. */
export function metadataTree(world: World, droplet: Droplet): Leaf {
  const {outer, inner} = interfaces(droplet);
  const inactive = {ipv4: {active: 'false'}};
  return {
    id: String(droplet.id),
    hostname: droplet.name,
    'user-data': droplet.userData,
    'vendor-data': '',
    'public-keys': droplet.keys.map(({publicKey}) => publicKey).join('\n'),
    region: droplet.region.slug,
    interfaces: {...(outer && {public: {0: branch(outer)}}), private: {0: branch(inner)}},
    dns: {nameservers: nameservers.join('\n')},
    floating_ip: inactive,
    reserved_ip: inactive,
    tags: Object.fromEntries(tagNames(world, droplet).map((tag) => [tag, tag])),
    features: {dhcp_enabled: 'false'},
  };
}

type Address = {ip_address: string; netmask: string; gateway: string};

function interfaces({host, isPublic, hasIpv6}: Droplet) {
  const mac = (first: string) =>
    [first, '01', '5d', ...host.toString(16).padStart(6, '0').match(/../gv)!].join(':');
  const {v4} = networks(host, {isPublic, hasIpv6});
  const address = ({ip_address, netmask, gateway}: Address) => ({ip_address, netmask, gateway});
  const [inner, outer] = v4;
  const {ip_address, netmask: cidr, gateway} = ipv6(host);

  return {
    inner: {
      ipv4: {...address(inner!), gateway: '10.108.0.1'},
      mac: mac('0a'),
      type: 'private',
    },
    outer: outer && {
      ipv4: address(outer),
      ...(hasIpv6 && {ipv6: {ip_address, cidr, gateway}}),
      anchor_ipv4: {
        ...address(outer),
        ip_address: `10.17.${Math.floor(host / 250) % 256}.${5 + (host % 250)}`,
        gateway: '10.17.0.1',
      },
      mac: mac('04'),
      type: 'public',
    },
  };
}

function branch({mac, type, ...addresses}: Record<string, unknown>): Leaf {
  const leaves = Object.entries(addresses).map(([name, value]) => {
    const {ip_address: address, ...rest} = value as Record<string, unknown>;
    return [
      name,
      Object.fromEntries(
        Object.entries({address, ...rest}).map(([key, leaf]) => [key, String(leaf)]),
      ),
    ];
  });
  return {
    ...(Object.fromEntries(leaves) as Record<string, Leaf>),
    mac: String(mac),
    type: String(type),
  };
}
