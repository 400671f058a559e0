import {createHmac, randomUUID} from 'node:crypto';
import type {Clock} from '../clock.js';
import type {Machine} from '../machine.js';
import type {RunnerConfig} from './runner-process.js';

type Simulation = {
  machine: Machine;
  clock: Clock;
  config: RunnerConfig;
  /** Whether the worker still does anything. */
  isAnswering: () => boolean;
};

type Credentials = {clientId: string; accessToken: string; certificate: string};

/** The queue notes that a worker is there every half hour; a worker asks for work far more often. */
const claimMs = 20 * 60 * 1000;

/** What start-worker and a worker do that others can see, without a process: gives the exit status. */
export async function simulateRunner({
  machine,
  clock,
  config,
  isAnswering,
}: Simulation): Promise<number> {
  const {provider} = config;
  const text = (key: string) => String(provider[key]);
  const name = {workerGroup: text('workerGroup'), workerId: text('workerID')};
  const workerPoolId = text('workerPoolID');
  try {
    for (;;) {
      const credentials = await register(text('rootURL'), machine.off, {
        ...name,
        workerPoolId,
        providerId: text('providerID'),
        workerIdentityProof: {staticSecret: text('staticSecret')},
      });
      const path = `/api/queue/v1/claim-work/${encodeURIComponent(workerPoolId)}`;
      let isAccepted = true;
      while (isAccepted) {
        if (isAnswering()) {
          isAccepted = await claim(new URL(path, text('rootURL')), credentials, name, machine.off);
        }

        await clock.sleep(claimMs, machine.off);
      }
    }
  } catch {
    return 1;
  }
}

async function register(rootUrl: string, signal: AbortSignal, body: unknown): Promise<Credentials> {
  const response = await fetch(new URL('/api/worker-manager/v1/worker/register', rootUrl), {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) {
    throw new Error(`registerWorker answered ${response.status}`);
  }

  const {credentials} = (await response.json()) as {credentials: Credentials};
  return credentials;
}

/** False when the credentials are no longer good; a service that is down is asked again later. */
async function claim(
  url: URL,
  credentials: Credentials,
  name: {workerGroup: string; workerId: string},
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const {status} = await fetch(url, {
      method: 'POST',
      headers: {'content-type': 'application/json', authorization: sign(url, credentials)},
      body: JSON.stringify({...name, tasks: 1}),
      signal,
    });
    return status !== 401 && status !== 403;
  } catch {
    signal.throwIfAborted();
    return true;
  }
}

/** Hawk, by the facts of Taskcluster, section 13. */
function sign(
  {pathname, hostname, port}: URL,
  {clientId, accessToken, certificate}: Credentials,
): string {
  const ts = Math.floor(Date.now() / 1000);
  const nonce = randomUUID();
  const ext = Buffer.from(`{"certificate":${certificate}}`).toString('base64');
  const text = `hawk.1.header\n${ts}\n${nonce}\nPOST\n${pathname}\n${hostname}\n${port || '80'}\n\n${ext}\n`;
  const mac = createHmac('sha256', accessToken).update(text).digest('base64');
  return `Hawk id="${clientId}", ts="${ts}", nonce="${nonce}", ext="${ext}", mac="${mac}"`;
}
