import type {Server} from 'node:http';
import {createAdaptorServer} from '@hono/node-server';
import type {Clock} from '../clock.js';
import {listen, stopListening} from '../listen.js';
import {type Controls, controlsOf} from './controls.js';
import {createApi, type RequestLog} from './http.js';
import {type TaskclusterOptions, type TaskclusterSettings, taskclusterSettings} from './options.js';
import {createWorld} from './world.js';

export type TaskclusterEmulator = AsyncDisposable &
  Controls & {
    /** The root URL. */
    readonly url: string;
    /** The first one. */
    readonly pool: string;
    /** Of a client with every scope. */
    readonly clientId: string;
    readonly accessToken: string;
    readonly requests: readonly RequestLog[];
    /** Most take effect when they are changed. */
    readonly settings: TaskclusterSettings;
    close(): Promise<void>;
  };

export type TaskclusterStart = {
  readonly clock: Clock;
  readonly options?: TaskclusterOptions;
  readonly port?: number;
};

/** An emulated Taskcluster deployment: its worker-manager and its secrets service. */
export async function startTaskcluster({
  clock,
  options = {},
  port = 0,
}: TaskclusterStart): Promise<TaskclusterEmulator> {
  const settings = taskclusterSettings(options);
  const world = createWorld(clock, settings);
  const requests: RequestLog[] = [];
  const {fetch} = createApi(world, requests);
  const http = createAdaptorServer({fetch, overrideGlobalObjects: false}) as Server;
  const url = `http://127.0.0.1:${await listen(http, port)}`;
  const close = async () => stopListening(http);

  return {
    url,
    pool: world.pools.keys().next().value ?? '',
    clientId: settings.taskclusterClientId,
    accessToken: world.clients.get(settings.taskclusterClientId)!.accessToken,
    requests,
    settings,
    ...controlsOf(world),
    close,
    [Symbol.asyncDispose]: close,
  };
}
