import {createHmac, randomUUID} from 'node:crypto';
import {createClock, type Clock} from '../../../src/emulator/clock.js';
import type {TaskclusterOptions} from '../../../src/emulator/taskcluster/options.js';
import {
  startTaskcluster,
  type TaskclusterEmulator,
} from '../../../src/emulator/taskcluster/server.js';

export const pool = 'do/ci';
export const worker = {workerPoolId: pool, workerGroup: 'nyc3', workerId: 'w-1'};
export const path = '/api/worker-manager/v1/workers/do%2Fci/nyc3/w-1';
export const staticSecret = 'abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP_';
export const anotherSecret = staticSecret.replace('a', 'z');

export async function start(
  options: TaskclusterOptions = {},
  clock: Clock = createClock(),
): Promise<TaskclusterEmulator> {
  return startTaskcluster({
    clock,
    options: {workerPools: [`${pool}=digitalocean`], ...options},
  });
}

export type Credentials = {clientId: string; accessToken: string; certificate?: string};
export type Answer = {
  status: number;
  body: Record<string, unknown> & {code?: string; message?: string};
};

type Signing = Credentials & {ts?: number; mac?: string; ext?: string};

/** The ten lines of a client that shares nothing with ours. */
export function authorization(
  method: string,
  url: URL,
  {clientId, accessToken, certificate, ts = Math.floor(Date.now() / 1000), mac, ...given}: Signing,
): string {
  const nonce = randomUUID();
  const ext =
    given.ext ??
    (certificate === undefined
      ? ''
      : Buffer.from(`{"certificate": ${certificate}}`).toString('base64'));
  const {pathname, search, hostname, port} = url;
  const text = `hawk.1.header\n${ts}\n${nonce}\n${method}\n${pathname}${search}\n${hostname}\n${port}\n\n${ext}\n`;
  const right = createHmac('sha256', accessToken).update(text).digest('base64');
  return `Hawk id="${clientId}", ts="${ts}", nonce="${nonce}", ext="${ext}", mac="${mac ?? right}"`;
}

type Caller = Pick<TaskclusterEmulator, 'url' | 'clientId' | 'accessToken'> & {
  as?: Signing | 'nobody';
};

/** The emulator as somebody else than the root client calls it; `nobody` does not sign. */
export const as = (emulator: TaskclusterEmulator, signing: Signing | 'nobody'): Caller => ({
  ...emulator,
  as: signing,
});

/** Calls an emulator as its root client, or as somebody else. */
export async function call(
  {url: rootUrl, clientId, accessToken, as: signing = {clientId, accessToken}}: Caller,
  method: string,
  requestPath: string,
  body?: unknown,
): Promise<Answer> {
  const url = new URL(requestPath, rootUrl);
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(signing !== 'nobody' && {authorization: authorization(method, url, signing)}),
    },
    ...(body !== undefined && {body: JSON.stringify(body)}),
  });
  return {status: response.status, body: (await response.json()) as Answer['body']};
}

export const later = (seconds: number, clock?: Clock) =>
  new Date((clock?.now() ?? Date.now()) + seconds * 1000).toISOString();

export const definition = (clock?: Clock) => ({
  expires: later(3600, clock),
  providerInfo: {staticSecret},
});

export const registration = {
  ...worker,
  providerId: 'digitalocean',
  workerIdentityProof: {staticSecret},
};

export const register = async (emulator: TaskclusterEmulator, fields: object = {}) =>
  call(as(emulator, 'nobody'), 'POST', '/api/worker-manager/v1/worker/register', {
    ...registration,
    ...fields,
  });

export const reregister = async (
  emulator: TaskclusterEmulator,
  secret: unknown,
  credentials: unknown,
) =>
  call(
    as(emulator, credentials as Credentials),
    'POST',
    '/api/worker-manager/v1/worker/reregister',
    {...worker, secret},
  );

/** Asks the queue for work as the worker of these credentials. */
export const claimWork = async (
  emulator: TaskclusterEmulator,
  {certificate = '', ...credentials}: OptionalCertificate,
) =>
  call(
    as(emulator, {...credentials, certificate}),
    'POST',
    `/api/queue/v1/claim-work/${encodeURIComponent(pool)}`,
    {workerGroup: worker.workerGroup, workerId: worker.workerId, tasks: 1},
  );

type OptionalCertificate = Omit<Credentials, 'certificate'> & {certificate?: string | undefined};
