export type DiskInfo = {type: 'local'; size: {amount: number; unit: string}};
export type GpuInfo = {count: number; model: string; vram: {amount: number; unit: string}};

/** As the API spells it; `sizes` of a region is derived from the sizes. */
export type Size = {
  slug: string;
  memory: number;
  vcpus: number;
  disk: number;
  transfer: number;
  price_monthly: number;
  price_hourly: number;
  regions: string[];
  available: boolean;
  description: string;
  networking_throughput: number;
  disk_info: DiskInfo[];
  gpu_info?: GpuInfo;
};

export type Region = {slug: string; name: string; features: string[]; available: boolean};

export type Image = {
  id: number;
  name: string;
  distribution: string;
  slug: string | undefined;
  public: boolean;
  regions: string[];
  created_at: string;
  min_disk_size: number;
  type: 'base' | 'application' | 'snapshot' | 'backup' | 'custom';
  size_gigabytes: number;
  description: string;
  tags: string[];
  status: 'NEW' | 'available' | 'pending' | 'deleted' | 'retired';
};

export type DropletStatus = 'new' | 'active' | 'off' | 'archive';

export type Droplet = {
  readonly id: number;
  name: string;
  status: DropletStatus;
  size: Size;
  image: Image;
  readonly region: Region;
  /** Tag in lower case → when it was given. */
  readonly tags: Map<string, number>;
  readonly createdAt: number;
  /** As the metadata service gives it: cut at the first non-ASCII byte. */
  readonly userData: string;
  readonly keys: SshKey[];
  readonly vpcUuid: string;
  readonly features: Set<string>;
  readonly isPublic: boolean;
  hasIpv6: boolean;
  hasBackups: boolean;
  /** Number from which the addresses are made. */
  readonly host: number;
  reads: number;
  activeReads: number;
  willFail: boolean;
  isDestroying: boolean;
  /** The action that runs now. */
  event: Action | undefined;
  /** When it was gone; undefined while it lives. */
  goneAt: number | undefined;
  power: AbortController;
  /** What went wrong on the machine, for people and tests. */
  readonly console: string[];
};

export type Action = {
  readonly id: number;
  readonly type: string;
  status: 'in-progress' | 'completed' | 'errored';
  readonly startedAt: number;
  completedAt: number | undefined;
  readonly resourceId: number;
  readonly resourceType: 'droplet';
  readonly region: Region;
};

export type SshKey = {
  readonly id: number;
  readonly fingerprint: string;
  readonly publicKey: string;
  name: string;
  readonly createdAt: number;
};

/** `name` keeps the first spelling the account ever used. */
export type Tag = {
  readonly name: string;
  readonly createdAt: number;
  lastTagged: string | undefined;
};

export type FirewallRule = {protocol: string; ports: string; [target: string]: unknown};

export type Firewall = {
  readonly id: string;
  name: string;
  readonly createdAt: number;
  inbound: FirewallRule[];
  outbound: FirewallRule[];
  dropletIds: Set<number>;
  tags: Set<string>;
};

export type Vpc = {
  readonly id: string;
  name: string;
  description: string;
  readonly region: string;
  readonly ipRange: string;
  readonly isDefault: boolean;
  readonly createdAt: number;
};
