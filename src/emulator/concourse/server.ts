import {randomInt} from 'node:crypto';
import type {Server} from 'node:http';
import {createServer} from 'node:net';
import {createAdaptorServer} from '@hono/node-server';
import type {Clock} from '../clock.js';
import {listen, stopListening} from '../listen.js';
import {type Controls, controlsOf} from './controls.js';
import {createApi, type RequestLog} from './http.js';
import {blobOf, type KeyPair, keyPairFor} from './keys.js';
import {startAdvancing} from './lifecycle.js';
import {type ConcourseOptions, concourseSettings, type ConcourseSettings} from './options.js';
import {type AuthorizedKey, startTsa, type Tsa, type TsaLog} from './tsa.js';
import {createWorld} from './world.js';

export type ConcourseEmulator = AsyncDisposable &
  Controls & {
    readonly url: string;
    readonly version: string;
    readonly tsaHost: string;
    readonly tsaPort: number;
    /** The host key as an authorized_keys line. */
    readonly tsaPublicKey: string;
    /** PKCS#1 PEM of a worker key that may act for every team. */
    readonly workerKey: string;
    /** PKCS#1 PEM by team. */
    readonly teamKeys: Readonly<Record<string, string>>;
    readonly username: string;
    readonly password: string;
    readonly requests: readonly RequestLog[];
    readonly tsaRequests: readonly TsaLog[];
    /** Ends every SSH connection, as a restarting web node does. */
    dropTsaConnections(): void;
    close(): Promise<void>;
  };

export type ConcourseStart = {
  readonly clock: Clock;
  readonly options?: ConcourseOptions;
  readonly ports?: {readonly http?: number; readonly tsa?: number};
};

type Keys = {host: KeyPair; presented: KeyPair; worker: KeyPair; teams: Record<string, KeyPair>};

const tsaHost = '127.0.0.1';

/** An emulated Concourse, ATC and TSA, on loopback; ports that are not given are any free ones. */
export async function startConcourse({
  clock,
  options = {},
  ports = {},
}: ConcourseStart): Promise<ConcourseEmulator> {
  const settings = concourseSettings(options);
  const world = createWorld(clock, settings);
  const keys = await makeKeys(settings);
  const requests: RequestLog[] = [];
  const tsaRequests: TsaLog[] = [];

  const tsa = settings.tsaClosed
    ? await closedTsa(ports.tsa)
    : await startTsa({
        world,
        hostKey: keys.presented.privateKey,
        authorizedKeys: authorizedKeys(settings, keys),
        log: tsaRequests,
        port: ports.tsa ?? 0,
      });
  const api = createApi(world, requests, keys.host.privateKey, () => url);
  const http = createAdaptorServer({fetch: api.fetch, overrideGlobalObjects: false}) as Server;
  const httpPort = await listen(http, ports.http).catch(async (error: unknown) => {
    await tsa.close();
    throw error;
  });
  const url = `http://127.0.0.1:${httpPort}`;
  const stopAdvancing = startAdvancing(world);

  const close = async () => {
    stopAdvancing();
    world.beats.clear();
    await Promise.all([stopListening(http), tsa.close()]);
  };

  return {
    url,
    version: world.release.version,
    tsaHost,
    tsaPort: tsa.port,
    tsaPublicKey: keys.host.authorizedKeysLine,
    workerKey: keys.worker.privateKey,
    teamKeys: Object.fromEntries(
      Object.entries(keys.teams).map(([team, {privateKey}]) => [team, privateKey]),
    ),
    username: settings.username,
    password: settings.password,
    requests,
    tsaRequests,
    ...controlsOf(world),
    dropTsaConnections: tsa.dropConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function makeKeys({tsaWrongHostKey, teamKeys}: ConcourseSettings): Promise<Keys> {
  const [host, presented, worker, ...teams] = await Promise.all([
    keyPairFor('host'),
    keyPairFor(tsaWrongHostKey ? 'other-host' : 'host'),
    keyPairFor('worker'),
    ...teamKeys.map(async (team) => [team, await keyPairFor(`team-${team}`)] as const),
  ]);
  return {host, presented, worker, teams: Object.fromEntries(teams)};
}

function authorizedKeys(settings: ConcourseSettings, keys: Keys): AuthorizedKey[] {
  const global = settings.authorizedKeys.map((line) => blobOf(line));
  if (!settings.workerKeyUnauthorized) {
    global.push(keys.worker.blob);
  }

  return [
    ...global.map((blob) => ({blob, team: undefined})),
    ...Object.entries(keys.teams).map(([team, {blob}]) => ({blob, team})),
  ];
}

/** A port that was free a moment ago and on which nothing listens now. */
async function closedTsa(port: number | undefined): Promise<Tsa> {
  const placeholder = createServer();
  // Below those that the system gives away: the next server must not get it.
  const free = await listen(
    placeholder as Server,
    port === undefined || port === 0 ? randomInt(10_000, 30_000) : port,
  );
  await new Promise((resolve) => {
    placeholder.close(resolve);
  });
  return {port: free, dropConnections: () => undefined, close: async () => undefined};
}
