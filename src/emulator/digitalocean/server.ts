import {randomBytes} from 'node:crypto';
import type {Server} from 'node:http';
import {createAdaptorServer, type HttpBindings} from '@hono/node-server';
import type {Clock} from '../clock.js';
import {listen, stopListening} from '../listen.js';
import type {Boot} from '../machine.js';
import {withDefaults} from '../switches.js';
import {createApp} from './app.js';
import {createEdge, type LoggedRequest} from './edge.js';
import type {Droplet, Image, SshKey, Tag} from './entities.js';
import type {Fault} from './faults.js';
import {
  digitalOceanSwitches,
  type DigitalOceanOptions,
  type DigitalOceanSettings,
} from './options.js';
import {createRateLimiter} from './rate-limit.js';
import {plant, plantDroplet, type DropletSeed, type SeedDroplet} from './seed.js';
import {createStore} from './store.js';
import type {World} from './world.js';

export type DigitalOceanEmulator = {
  readonly url: string;
  readonly token: string;
  /** Every switch; may be changed while running. */
  readonly settings: DigitalOceanSettings;
  readonly requests: LoggedRequest[];
  /** May be added to while running. */
  readonly faults: Fault[];
  /** Those that exist now. */
  droplets(): Droplet[];
  /** Those too that are gone. */
  everyDroplet(): Droplet[];
  tags(): Tag[];
  keys(): SshKey[];
  images(): Image[];
  /** Adds droplets that somebody else made. */
  add(...droplets: SeedDroplet[]): Droplet[];
  /** Adds a line to the console of a droplet. */
  note(id: number, line: string): void;
  plant(seed: DropletSeed): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Start = {clock: Clock; boot: Boot; options?: DigitalOceanOptions; port?: number | undefined};

/** An emulated DigitalOcean on loopback, on any free port by default; options win over switches of the seed. */
export async function startDigitalOcean({
  clock,
  boot,
  options = {},
  port,
}: Start): Promise<DigitalOceanEmulator> {
  const {seed = {}} = options;
  const settings = withDefaults(digitalOceanSwitches, {...seed.switches, ...options});
  settings.token ||= `dop_v1_${randomBytes(32).toString('hex')}`;
  const closing = new AbortController();
  const skewMs = () => settings.clockSkewSeconds * 1000;
  const now = () => clock.now() + skewMs();
  const store = createStore(seed.catalogue ?? {}, now());
  const world: World = {settings, store, clock, boot, closing: closing.signal, now};
  plant(world, seed);

  const requests: LoggedRequest[] = [];
  const faults = [...(seed.faults ?? []), ...(options.faults ?? [])];
  const limiter = createRateLimiter(world);
  const app = createApp(world, limiter);
  const edge = createEdge({world, app, limiter, requests, faults, hooks: options});
  const server = createAdaptorServer({
    fetch: async (request, bindings) => edge(request, bindings as HttpBindings),
    overrideGlobalObjects: false,
  }) as Server;
  const url = `http://127.0.0.1:${await listen(server, port)}`;

  const close = async () => {
    if (closing.signal.aborted) {
      return;
    }

    closing.abort(new Error('The emulator is closed'));
    for (const {power} of store.droplets.values()) {
      power.abort(closing.signal.reason);
    }

    await stopListening(server);
  };

  return {
    url,
    token: settings.token,
    settings,
    requests,
    faults,
    droplets: () => [...store.droplets.values()],
    everyDroplet: () => store.everyDroplet,
    tags: () => [...store.tags.values()],
    keys: () => [...store.keys.values()],
    images: () => [...store.images.values()],
    add: (...droplets) => droplets.map((droplet) => plantDroplet(world, droplet)),
    note(id, line) {
      store.droplets.get(id)?.console.push(line);
    },
    plant(more) {
      plant(world, more);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
