/** Concourse's objects as the API spells them; only the fields that are read here. */

export type Info = {version: string; worker_version: string; external_url?: string};

export type User = {user_name?: string; is_admin?: boolean; teams?: Record<string, string[]>};

export type Worker = {
  name: string;
  state: 'running' | 'stalled' | 'landing' | 'landed' | 'retiring';
  tags: string[] | null;
  /** '' for a worker of all teams. */
  team: string;
  version: string;
  /** Unix seconds by the worker's own clock. */
  start_time: number;
};
