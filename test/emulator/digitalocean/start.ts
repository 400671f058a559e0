import {createClock} from '../../../src/emulator/clock.js';
import type {DigitalOceanOptions} from '../../../src/emulator/digitalocean/options.js';
import {
  startDigitalOcean,
  type DigitalOceanEmulator,
} from '../../../src/emulator/digitalocean/server.js';
import type {Boot} from '../../../src/emulator/machine.js';

type Named = {id: number; name: string};
type Networks = {v4: Array<{type: string; gateway: string}>; v6: unknown[]};
type DropletBody = Named & {
  status: string;
  created_at: string;
  tags: string[];
  networks: Networks;
  region: {slug: string};
  vpc_uuid: string;
};

/** What any answer may hold, as far as the tests look; `body` is undefined when there was none. */
export type Body = {
  id: string;
  message: string;
  droplet: DropletBody;
  droplets: DropletBody[];
  links: {actions: Array<{id: number}>; pages: {next: string}};
  meta: {total: number};
  action: {status: string};
  tag: Named & {resources: unknown};
  tags: Array<Named & {resources: {count: number}}>;
  ssh_key: Named & {fingerprint: string};
  snapshots: Named[];
  images: Named[];
  firewall: {id: string};
  vpc: {id: string};
  account: {status: string};
};

export type Answer = {status: number; body: Body; text: string; headers: Headers};

export type Caller = DigitalOceanEmulator & {
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  remove(path: string, body?: unknown): Promise<Answer>;
  create(request?: Record<string, unknown>): Promise<Answer>;
};

export type StartOptions = DigitalOceanOptions & {timeScale?: number; boot?: Boot};

/** DigitalOcean alone, with the means to call it. */
export async function start({timeScale = 1, boot, ...options}: StartOptions = {}): Promise<Caller> {
  const emulator = await startDigitalOcean({
    clock: createClock(timeScale),
    boot: boot ?? (async () => undefined),
    options,
  });

  const call = async (method: string, path: string, sent?: unknown): Promise<Answer> => {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: {authorization: `Bearer ${emulator.token}`, 'content-type': 'application/json'},
      redirect: 'manual',
      ...(sent !== undefined && {body: JSON.stringify(sent)}),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    const body = (isJson ? JSON.parse(text) : undefined) as Body;
    return {status: response.status, body, text, headers: response.headers};
  };

  return {
    ...emulator,
    call,
    get: async (path) => call('GET', path),
    post: async (path, body) => call('POST', path, body),
    remove: async (path, body) => call('DELETE', path, body),
    create: async (request) => call('POST', '/v2/droplets', {...standard, ...request}),
  };
}

export const standard = {
  name: 'w-1',
  region: 'nyc3',
  size: 's-1vcpu-1gb',
  image: 'ubuntu-24-04-x64',
};

/** Asks again every few milliseconds until it is so. */
export async function until<T>(ask: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const value = await ask();
    if (isSo(value)) {
      return value;
    }

    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }

  throw new Error('It never became so');
}
