import type {Clock} from '../clock.js';
import type {Machine} from '../machine.js';
import {claimWork, type ClaimingWorker, type WorkerCredentials} from './claim.js';
import type {RunnerConfig} from './runner-process.js';

type Simulation = {
  machine: Machine;
  clock: Clock;
  config: RunnerConfig;
  /** Whether the worker still does anything. */
  isAnswering: () => boolean;
};

/** The queue notes that a worker is there every half hour: asking as often as a worker does would show no more. */
const claimMs = 20 * 60 * 1000;
const retryMs = 20_000;

/** What start-worker and a worker do that others can see, without a process: gives the exit status. */
export async function simulateRunner({
  machine,
  clock,
  config,
  isAnswering,
}: Simulation): Promise<number> {
  const {provider} = config;
  const text = (key: string) => String(provider[key]);
  const worker = {
    rootUrl: text('rootURL'),
    workerPoolId: text('workerPoolID'),
    workerGroup: text('workerGroup'),
    workerId: text('workerID'),
  };
  const {rootUrl, ...name} = worker;
  try {
    for (;;) {
      const credentials = await register(rootUrl, machine.off, {
        ...name,
        providerId: text('providerID'),
        workerIdentityProof: {staticSecret: text('staticSecret')},
      });
      let status = 0;
      while (![401, 403].includes(status)) {
        status = isAnswering() ? await claim(worker, credentials, machine.off) : 200;
        await clock.sleep(status === 200 ? claimMs : retryMs, machine.off);
      }
    }
  } catch {
    return 1;
  }
}

async function register(
  rootUrl: string,
  signal: AbortSignal,
  body: unknown,
): Promise<WorkerCredentials> {
  const response = await fetch(new URL('/api/worker-manager/v1/worker/register', rootUrl), {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) {
    throw new Error(`registerWorker answered ${response.status}`);
  }

  const {credentials} = (await response.json()) as {credentials: WorkerCredentials};
  return credentials;
}

/** The status of the answer; 0 without one. */
async function claim(
  worker: ClaimingWorker,
  credentials: WorkerCredentials,
  signal: AbortSignal,
): Promise<number> {
  try {
    return await claimWork(worker, credentials, signal);
  } catch {
    signal.throwIfAborted();
    return 0;
  }
}
