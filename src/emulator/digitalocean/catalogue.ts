import type {GpuInfo, Image, Region, Size} from './entities.js';

export type Catalogue = {sizes: Size[]; regions: Region[]; images: Image[]};

const regionNames: Record<string, string> = {
  ams3: 'Amsterdam 3',
  atl1: 'Atlanta 1',
  blr1: 'Bangalore 1',
  fra1: 'Frankfurt 1',
  lon1: 'London 1',
  mem1: 'Memphis 1',
  mkc1: 'Kansas City 1',
  nyc1: 'New York 1',
  nyc2: 'New York 2',
  nyc3: 'New York 3',
  ric1: 'Richmond 1',
  sfo2: 'San Francisco 2',
  sfo3: 'San Francisco 3',
  sgp1: 'Singapore 1',
  syd1: 'Sydney 1',
  tor1: 'Toronto 1',
};

const open = Object.keys(regionNames);
const most = open.filter((slug) => !['mem1', 'mkc1', 'ric1'].includes(slug));

/** A region that is open and has all features, but for what is given. */
export function makeRegion({slug, ...given}: Partial<Region> & {slug: string}): Region {
  return {
    slug,
    name: regionNames[slug] ?? slug,
    features: ['backups', 'ipv6', 'metadata', 'install_agent', 'storage', 'image_transfer'],
    available: true,
    ...given,
  };
}

/** A size like s-1vcpu-1gb in nearly every region, but for what is given. */
export function makeSize({slug, ...given}: Partial<Size> & {slug: string}): Size {
  const disk = given.disk ?? 25;
  return {
    slug,
    memory: 1024,
    vcpus: 1,
    disk,
    transfer: 1,
    price_monthly: 6,
    price_hourly: 0.00893,
    regions: most,
    available: true,
    description: 'Basic',
    networking_throughput: 2000,
    disk_info: [{type: 'local', size: {amount: disk, unit: 'gib'}}],
    ...given,
  };
}

/** A public image when a slug is given, else a snapshot of one's own; other fields may be given too. */
export function makeImage({id, ...given}: Partial<Image> & {id: number}): Image {
  return {
    id,
    name: given.slug ?? `image-${id}`,
    distribution: 'Ubuntu',
    slug: undefined,
    public: typeof given.slug === 'string',
    regions: open,
    created_at: '2026-06-08T00:00:00Z',
    min_disk_size: 7,
    type: typeof given.slug === 'string' ? 'base' : 'snapshot',
    size_gigabytes: 2.5,
    description: given.name ?? '',
    tags: [],
    status: 'available',
    ...given,
  };
}

type SizeRow = [string, number, number, number, number, number, number, string];

const sizeRows: SizeRow[] = [
  ['s-1vcpu-512mb-10gb', 512, 1, 10, 0.5, 4, 0.00595, 'Basic'],
  ['s-1vcpu-1gb', 1024, 1, 25, 1, 6, 0.00893, 'Basic'],
  ['s-1vcpu-2gb', 2048, 1, 50, 2, 12, 0.01786, 'Basic'],
  ['s-2vcpu-2gb', 2048, 2, 60, 3, 18, 0.02679, 'Basic'],
  ['s-2vcpu-4gb', 4096, 2, 80, 4, 24, 0.03571, 'Basic'],
  ['s-4vcpu-8gb', 8192, 4, 160, 5, 48, 0.07143, 'Basic'],
  ['s-8vcpu-16gb', 16_384, 8, 320, 6, 96, 0.14286, 'Basic'],
  ['c-2', 4096, 2, 25, 4, 42, 0.0625, 'CPU-Optimized'],
  ['c-4', 8192, 4, 50, 5, 84, 0.125, 'CPU-Optimized'],
  ['g-2vcpu-8gb', 8192, 2, 25, 4, 63, 0.09375, 'General Purpose'],
  ['m-2vcpu-16gb', 16_384, 2, 50, 4, 84, 0.125, 'Memory-Optimized'],
];

const h100: GpuInfo = {count: 1, model: 'nvidia_h100', vram: {amount: 80, unit: 'gib'}};

type ImageRow = [number, string, string, string, number, Image['type']];

const imageRows: ImageRow[] = [
  [177_343_180, 'ubuntu-22-04-x64', '22.04 (LTS) x64', 'Ubuntu', 7, 'base'],
  [195_932_981, 'ubuntu-24-04-x64', '24.04 (LTS) x64', 'Ubuntu', 7, 'base'],
  [221_004_512, 'ubuntu-26-04-x64', '26.04 (LTS) x64', 'Ubuntu', 8, 'base'],
  [203_117_640, 'debian-13-x64', '13 x64', 'Debian', 7, 'base'],
  [211_540_087, 'fedora-43-x64', '43 x64', 'Fedora', 15, 'base'],
  [220_871_334, 'fedora-44-x64', '44 x64', 'Fedora', 15, 'base'],
  [198_660_412, 'almalinux-8-x64', 'AlmaLinux 8', 'AlmaLinux', 10, 'base'],
  [198_660_413, 'almalinux-9-x64', 'AlmaLinux 9', 'AlmaLinux', 10, 'base'],
  [205_913_771, 'almalinux-10-x64', 'AlmaLinux 10', 'AlmaLinux', 10, 'base'],
  [198_661_020, 'rockylinux-8-x64', '8 x64', 'Rocky Linux', 10, 'base'],
  [198_661_021, 'rockylinux-9-x64', '9 x64', 'Rocky Linux', 10, 'base'],
  [205_914_002, 'rockylinux-10-x64', '10 x64', 'Rocky Linux', 10, 'base'],
  [198_659_777, 'centos-stream-9-x64', '9 Stream x64', 'CentOS', 10, 'base'],
  [205_912_888, 'centos-stream-10-x64', '10 Stream x64', 'CentOS', 10, 'base'],
  [152_744_209, 'docker-20-04', 'Docker on Ubuntu 22.04', 'Ubuntu', 25, 'application'],
];

export const privateSnapshotId = 213_400_777;

/** Prices, regions and slugs as seen in autumn 2026; a new copy each time because it may be changed. */
export function standardCatalogue(): Catalogue {
  return {
    regions: [
      ...open.map((slug) => makeRegion({slug})),
      makeRegion({slug: 'sfo1', name: 'San Francisco 1', available: false}),
      makeRegion({slug: 'ams2', name: 'Amsterdam 2', available: false}),
    ],
    sizes: [
      ...sizeRows.map(
        ([slug, memory, vcpus, disk, transfer, price_monthly, price_hourly, description]) =>
          makeSize({slug, memory, vcpus, disk, transfer, price_monthly, price_hourly, description}),
      ),
      makeSize({
        slug: 's-1vcpu-3gb',
        memory: 3072,
        disk: 60,
        price_monthly: 15,
        price_hourly: 0.02232,
        regions: [],
      }),
      makeSize({
        slug: '512mb',
        memory: 512,
        disk: 20,
        price_monthly: 5,
        price_hourly: 0.00744,
        available: false,
      }),
      makeSize({
        slug: 'gpu-h100x1-80gb',
        memory: 245_760,
        vcpus: 20,
        disk: 720,
        transfer: 15,
        price_monthly: 2522.16,
        price_hourly: 3.39,
        regions: ['nyc2', 'tor1', 'atl1'],
        description: 'H100 GPU - 1X',
        gpu_info: h100,
      }),
    ],
    images: [
      ...imageRows.map(([id, slug, name, distribution, min_disk_size, type]) =>
        makeImage({
          id,
          slug,
          name,
          distribution,
          min_disk_size,
          type,
          description: `${distribution} ${name}`,
        }),
      ),
      makeImage({
        id: privateSnapshotId,
        name: 'worker-base',
        min_disk_size: 50,
        size_gigabytes: 8.4,
        regions: ['nyc3', 'ams3'],
      }),
    ],
  };
}
