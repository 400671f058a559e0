import {ActionableError, ApiError} from '../errors.js';
import {unlessUnknown} from './service.js';
import type {WorkerName} from './types.js';
import type {WorkerManager} from './worker-manager.js';

type Checked = {
  manager: WorkerManager;
  rootUrl: string;
  workerPoolId: string;
  clientId: string;
  regions: string[];
};

/** An id that no droplet's worker has: our names end in 8 letters or digits. */
const nobody = 'do-worker-preflight';

/** What a create needs of the pool and of the client's scopes, found out without making anything; gives the provider. */
export async function checkPool(
  {manager, rootUrl, workerPoolId, clientId, regions}: Checked,
  signal: AbortSignal,
): Promise<string> {
  const missing: string[] = [];
  const allowed = async <T>(scope: string, call: Promise<T>): Promise<T | undefined> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) {
        missing.push(`worker-manager:${scope}`);
        return undefined;
      }

      throw error;
    }
  };

  const pool = await allowed(
    `get-worker-pool:${workerPoolId}`,
    manager
      .workerPool(workerPoolId, signal)
      .then((found) => found ?? noPool(workerPoolId, rootUrl)),
  );
  await allowed(`list-workers:${workerPoolId}`, manager.listWorkers(workerPoolId, signal));
  for (const workerGroup of regions) {
    const worker = {workerPoolId, workerGroup, workerId: nobody};
    const scope = `${workerPoolId}/${workerGroup}/*`;
    await allowed(`create-worker:${scope}`, tryToCreate(manager, worker, signal));
    await allowed(`remove-worker:${scope}`, unlessUnknown(manager.removeWorker(worker, signal)));
  }

  if (missing.length > 0 || pool === undefined) {
    throw new ActionableError(
      'SCOPES',
      `Client ${clientId} of Taskcluster at ${rootUrl} lacks ${missing.length} scope(s): ${missing.join(' ')}`,
      ['Give the client, or a role that it assumes, these scopes'],
    );
  }

  return pool.providerId;
}

/** Without a secret it is refused whoever asks, but only after the scopes were looked at (facts 14). */
async function tryToCreate(
  manager: WorkerManager,
  worker: WorkerName,
  signal: AbortSignal,
): Promise<void> {
  const expires = new Date((manager.time ?? Date.now()) + 3_600_000).toISOString();
  try {
    await manager.createWorker(worker, {expires}, {signal});
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) {
      throw error;
    }

    if (!error.detail.includes('staticSecret')) {
      throw new ActionableError(
        'NOT_STATIC',
        `Worker pool ${worker.workerPoolId} takes no workers of one's own: ${error.detail}`,
        ['Name a pool with --worker-pool whose provider is of type static'],
      );
    }
  }
}

/** Throws `NO_POOL`, which says where no such worker pool was found and what to do. */
export function noPool(workerPoolId: string, rootUrl: string): never {
  throw new ActionableError(
    'NO_POOL',
    `There is no worker pool ${workerPoolId} in Taskcluster at ${rootUrl}`,
    ['Make one whose provider is of type static, or name another with --worker-pool'],
  );
}
