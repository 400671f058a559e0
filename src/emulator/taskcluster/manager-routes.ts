import {randomUUID} from 'node:crypto';
import {type AddRoute, authorize, payloadOf, poolIn} from './api.js';
import {pageOf} from './pages.js';
import {errorReport, registration, reregistration} from './payloads.js';
import {type Registration, registerWorker, reregisterWorker} from './registration.js';
import {
  keyOf,
  type Pool,
  poolOf,
  type ReportedError,
  type WorkerName,
  type World,
} from './world.js';

const prefix = '/api/worker-manager/v1';

/** The worker-manager's endpoints for registrations, errors, pools and providers. */
export function managerRoutes(add: AddRoute, world: World): void {
  // Whatever it is signed with: the proof alone counts.
  add('POST', `${prefix}/worker/register`, 'registerWorker', (call) =>
    registerWorker(world, payloadOf<Registration>(call, registration(world.settings))),
  );

  add('POST', `${prefix}/worker/reregister`, 'reregisterWorker', (call) => {
    const wanted = payloadOf<WorkerName & {secret: string}>(call, reregistration);
    authorize(call, world, `worker-manager:reregister-worker:${keyOf(wanted)}`);
    return reregisterWorker(world, wanted);
  });

  add('POST', `${prefix}/worker-pool-errors/:workerPoolId`, 'reportWorkerError', (call) => {
    const workerPoolId = poolIn(call);
    const {workerGroup, workerId, extra, ...report} = payloadOf<
      Omit<ReportedError, 'workerPoolId' | 'errorId' | 'reported'> & WorkerName
    >(call, errorReport);
    authorize(
      call,
      world,
      `assume:worker-pool:${workerPoolId}`,
      `assume:worker-id:${workerGroup}/${workerId}`,
    );
    poolOf(world, workerPoolId);
    const error: ReportedError = {
      ...report,
      workerPoolId,
      errorId: slugid(),
      reported: new Date(world.clock.now()).toISOString(),
      extra: {...extra, workerGroup, workerId},
    };
    world.errors.push(error);
    return error;
  });

  add('GET', `${prefix}/worker-pool/:workerPoolId`, 'workerPool', (call) => {
    const workerPoolId = poolIn(call);
    authorize(call, world, `worker-manager:get-worker-pool:${workerPoolId}`);
    return presentPool(world, poolOf(world, workerPoolId));
  });

  add('GET', `${prefix}/providers`, 'listProviders', (call) => {
    authorize(call, world, 'worker-manager:list-providers');
    const all = Array.from(world.providers, ([providerId, providerType]) => ({
      providerId,
      providerType,
    }));
    const {items, ...next} = pageOf(all, call.req.query(), world.settings.workerPageSize);
    return {providers: items, ...next};
  });
}

function presentPool({rows}: World, {workerPoolId, providerId, config, created}: Pool) {
  const own = [...rows.values()].filter((row) => row.workerPoolId === workerPoolId);
  const running = own.filter(({state}) => state === 'running');
  const stopped = own.filter(({state}) => state === 'stopped');
  const capacity = (among: typeof own) => among.reduce((sum, row) => sum + row.capacity, 0);
  const time = new Date(created).toISOString();
  return {
    workerPoolId,
    providerId,
    description: 'A pool of the emulator',
    created: time,
    lastModified: time,
    config,
    owner: 'nobody@example.com',
    emailOnError: false,
    currentCapacity: capacity(running),
    requestedCount: 0,
    runningCount: running.length,
    stoppingCount: 0,
    stoppedCount: stopped.length,
    requestedCapacity: 0,
    runningCapacity: capacity(running),
    stoppingCapacity: 0,
    stoppedCapacity: capacity(stopped),
  };
}

const slugid = () => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
