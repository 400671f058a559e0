import {ApiError} from './api-error.js';
import {type AddRoute, authorize, type Call, groupIn, payloadOf, poolIn, workerIn} from './api.js';
import {pageOf} from './pages.js';
import {workerDefinition} from './payloads.js';
import {createWorker, removeWorker, updateWorker, type WorkerDefinition} from './static-workers.js';
import {keyOf, type Row, rowOf, type World} from './world.js';

const prefix = '/api/worker-manager/v1/workers/:workerPoolId';
const states: ReadonlySet<string> = new Set(['requested', 'running', 'stopping', 'stopped']);

/** The worker-manager's endpoints for single workers, and its lists of them by pool and group. */
export function workerRoutes(add: AddRoute, world: World): void {
  const mayHaveColon = true;

  add('GET', `${prefix}/:workerGroup/:workerId`, 'worker', (call) => {
    const name = workerIn(call, {mayHaveColon});
    authorize(call, world, `worker-manager:get-worker:${keyOf(name)}`);
    return present(rowOf(world, name));
  });

  add('PUT', `${prefix}/:workerGroup/:workerId`, 'createWorker', (call) => {
    const name = workerIn(call, {mayHaveColon});
    authorize(call, world, `worker-manager:create-worker:${keyOf(name)}`);
    return present(createWorker(world, name, payloadOf<WorkerDefinition>(call, workerDefinition)));
  });

  add('POST', `${prefix}/:workerGroup/:workerId`, 'updateWorker', (call) => {
    const name = workerIn(call, {mayHaveColon});
    authorize(call, world, `worker-manager:update-worker:${keyOf(name)}`);
    return present(updateWorker(world, name, payloadOf<WorkerDefinition>(call, workerDefinition)));
  });

  add('DELETE', `${prefix}/:workerGroup/:workerId`, 'removeWorker', (call) => {
    const name = workerIn(call);
    authorize(call, world, `worker-manager:remove-worker:${keyOf(name)}`);
    removeWorker(world, name);
    return {};
  });

  add(
    'GET',
    `${prefix}/:workerGroup/:workerId/should-terminate`,
    'shouldWorkerTerminate',
    (call) => {
      const name = workerIn(call);
      authorize(call, world, `worker-manager:should-worker-terminate:${keyOf(name)}`);
      const {terminateReason: reason} = rowOf(world, name);
      return {terminate: reason !== undefined, reason: reason ?? 'no decision was made'};
    },
  );

  add('GET', prefix, 'listWorkersForWorkerPool', (call) => {
    const workerPoolId = poolIn(call);
    authorize(call, world, `worker-manager:list-workers:${workerPoolId}`);
    const {state, launchConfigId} = call.req.query();
    if (state !== undefined && !states.has(state)) {
      throw new ApiError('InvalidRequestArguments', `state ${state} is none`);
    }

    return workersPage(
      call,
      world,
      (row) =>
        row.workerPoolId === workerPoolId &&
        (state === undefined || row.state === state) &&
        // No worker here comes from a launch configuration.
        launchConfigId === undefined,
    );
  });

  add('GET', `${prefix}/:workerGroup`, 'listWorkersForWorkerGroup', (call) => {
    const workerPoolId = poolIn(call, {mayHaveColon});
    const workerGroup = groupIn(call);
    authorize(call, world, `worker-manager:list-workers:${workerPoolId}/${workerGroup}`);
    return workersPage(
      call,
      world,
      (row) => row.workerPoolId === workerPoolId && row.workerGroup === workerGroup,
    );
  });
}

function workersPage(call: Call, {rows, settings}: World, isWanted: (row: Row) => boolean) {
  const wanted = [...rows.values()].filter((row) => isWanted(row));
  const {items, ...next} = pageOf(wanted, call.req.query(), settings.workerPageSize);
  return {workers: items.map((row) => present(row)), ...next};
}

/** A worker as the API shows it. */
function present({workerPoolId, workerGroup, workerId, providerId, state, capacity, ...row}: Row) {
  const names = {workerPoolId, workerGroup, workerId, providerId, state, capacity};
  const times = ['created', 'expires', 'lastModified', 'lastChecked'] as const;
  const texts = times.map((time) => [time, new Date(row[time]).toISOString()]);
  return {...names, ...(Object.fromEntries(texts) as Record<(typeof times)[number], string>)};
}
