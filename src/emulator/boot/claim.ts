import {createHmac, randomUUID} from 'node:crypto';

export type WorkerCredentials = {clientId: string; accessToken: string; certificate: string};

export type ClaimingWorker = {
  readonly rootUrl: string;
  readonly workerPoolId: string;
  readonly workerGroup: string;
  readonly workerId: string;
};

/** Asks the queue for work, as every worker does all the time; gives the status of the answer. */
export async function claimWork(
  {rootUrl, workerPoolId, ...name}: ClaimingWorker,
  credentials: WorkerCredentials,
  signal?: AbortSignal,
): Promise<number> {
  const url = new URL(`/api/queue/v1/claim-work/${encodeURIComponent(workerPoolId)}`, rootUrl);
  const {status} = await fetch(url, {
    method: 'POST',
    headers: {'content-type': 'application/json', authorization: sign(url, credentials)},
    body: JSON.stringify({...name, tasks: 1}),
    ...(signal && {signal}),
  });
  return status;
}

/** Hawk, by the facts of Taskcluster, section 13. */
function sign(
  {pathname, hostname, port}: URL,
  {clientId, accessToken, certificate}: WorkerCredentials,
): string {
  const ts = Math.floor(Date.now() / 1000);
  const nonce = randomUUID();
  const ext = Buffer.from(`{"certificate":${certificate}}`).toString('base64');
  const text = `hawk.1.header\n${ts}\n${nonce}\nPOST\n${pathname}\n${hostname}\n${port || '80'}\n\n${ext}\n`;
  const mac = createHmac('sha256', accessToken).update(text).digest('base64');
  return `Hawk id="${clientId}", ts="${ts}", nonce="${nonce}", ext="${ext}", mac="${mac}"`;
}
