/** DigitalOcean's objects as the API spells them; only the fields that are read here. */

export type Droplet = {
  id: number;
  name: string;
  status: 'new' | 'active' | 'off' | 'archive';
  created_at: string;
  size_slug: string;
  size?: {price_hourly?: number};
  region: {slug: string};
  networks: {v4: Array<{ip_address: string; type: 'public' | 'private'}>};
  /** Absent or empty when the token may not read tags. */
  tags?: string[];
};

export type NewDroplets = {
  names: string[];
  region: string;
  size: string;
  image: string | number;
  user_data: string;
  tags: string[];
  ssh_keys?: Array<string | number>;
  vpc_uuid?: string;
  with_droplet_agent?: boolean;
};

export type Size = {
  slug: string;
  price_hourly: number;
  available: boolean;
  regions: string[];
};

export type Account = {droplet_limit?: number; status: string; status_message?: string};

export type Page = {
  links?: {pages?: {next?: string}};
  meta?: {total: number};
};

export type Tag = {name: string; resources?: {count?: number}};
