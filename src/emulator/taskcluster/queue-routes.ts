import {type AddRoute, authorize, payloadOf, poolIn} from './api.js';
import {pageOf} from './pages.js';
import {claim} from './payloads.js';
import {keyOf, type Row, type WorkerName, type World} from './world.js';

const workersPath =
  '/api/worker-manager/v1/provisioners/:provisionerId/worker-types/:workerType/workers';

/** As much of the queue as tells that a worker has credentials and uses them: there is never a task. */
export function queueRoutes(add: AddRoute, world: World): void {
  add('POST', '/api/queue/v1/claim-work/:workerPoolId', 'claimWork', (call) => {
    const workerPoolId = poolIn(call);
    const {workerGroup, workerId} = payloadOf<Omit<WorkerName, 'workerPoolId'>>(call, claim);
    authorize(
      call,
      world,
      `queue:claim-work:${workerPoolId}`,
      `queue:worker-id:${workerGroup}/${workerId}`,
    );
    world.lastActive.set(keyOf({workerPoolId, workerGroup, workerId}), world.clock.now());
    return {tasks: []};
  });

  // Those that the queue knows, and no others: a worker that was made a moment ago is missing.
  add('GET', workersPath, 'listWorkers', (call) => {
    const {provisionerId = '', workerType = ''} = call.req.param();
    const workerPoolId = `${provisionerId}/${workerType}`;
    authorize(call, world, `worker-manager:list-workers:${workerPoolId}`);
    const known = [...world.lastActive]
      .filter(([key]) => key.startsWith(`${workerPoolId}/`))
      .map(([key, at]) => present(world.rows.get(key), key, at));
    const {items, ...next} = pageOf(known, call.req.query(), world.settings.workerPageSize);
    return {workers: items, ...next};
  });
}

function present(row: Row | undefined, key: string, at: number) {
  const [provisionerId, workerType, workerGroup, workerId] = key.split('/');
  return {
    workerPoolId: `${provisionerId}/${workerType}`,
    workerGroup,
    workerId,
    lastDateActive: new Date(at).toISOString(),
    state: row?.state ?? 'standalone',
    capacity: row?.capacity ?? 0,
    providerId: row?.providerId ?? 'none',
  };
}
