import {connect, request, taskclusterRequest, type Connected} from '../support/connect.js';
import {parsePrivateKey} from '../../src/cloud-init/keys.js';
import {ActionableError, Interrupted} from '../../src/errors.js';
import {cleanUp} from '../../src/workers/cleanup.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import {
  cleanupRequest,
  saidIn,
  tellsOfRecords,
  type Operate,
  type Outcome,
  type Result,
} from './operate.js';
import type {Operation, Stop} from './plan.js';

/** Nobody waits as long as this, in real time: an operation that does will never end. */
const longestMs = 60_000;

/** Of one request: in scaled time half a minute of a client's patience would be an hour of the services'. */
const timeoutMs = 2000;

/** Slower than by default: requests are what a sequence costs. */
const pace = {digitalOceanSeconds: 7, ciSeconds: 5};

const {promise: never} = Promise.withResolvers<never>();

/** The operations as functions, with the real clients, in scaled time. */
export const operateInProcess: Operate = async (world, label, operation, options) => {
  const {stop, jumpSeconds = 0} = options;
  const stopping = createStopping(stop);
  const line = await world.open(label, operation, stopping.at);
  const connected = await connect(line.emulator, {
    kind: operation.ci,
    timeoutMs,
    concourse: {timeoutMs},
    taskcluster: {timeoutMs},
  });
  const {context} = connected;
  stopping.begin(connected);
  const ci = context.ci && stopping.guard(context.ci, true);
  const guarded = {
    ...context,
    digitalOcean: stopping.guard(context.digitalOcean, false),
    ci,
    time: {...context.time, now: () => context.time.now() + jumpSeconds * 1000},
  };

  const said = () => ({hasLeftRecords: tellsOfRecords(connected.progress.join('\n'))});
  const ended = perform(operation, guarded, line.emulator.concourse).then(
    (result): Outcome => ({
      end: 'done',
      message: '',
      ...said(),
      ...saidIn(operation.kind, result),
    }),
    (error: unknown): Outcome => {
      if (!(error instanceof ActionableError)) {
        world.truth.violations.push(`${label} failed with a bug: ${(error as Error).stack}`);
      }

      return {end: 'failed', message: (error as Error).message, ...said()};
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const endless = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      world.truth.violations.push(`${label} does not end`);
      resolve({end: 'failed', message: 'it does not end'});
    }, longestMs);
  });
  const killed = stopping.killed.then((): Outcome => ({end: 'stopped', message: 'killed'}));
  const outcome = await Promise.race([ended, killed, endless]);
  clearTimeout(timer);
  return outcome;
};

const requestFor = {concourse: request, taskcluster: taskclusterRequest};

async function perform(
  operation: Operation,
  context: Connected['context'],
  {workerKey}: {workerKey: string},
): Promise<Result> {
  if (operation.kind === 'cleanup') {
    return cleanUp(cleanupRequest(operation), context);
  }

  if (operation.kind === 'destroy') {
    return destroyWorkers({...operation, drainSeconds: 0, dryRun: false}, context);
  }

  const {kind: _, ci, hasOwnKey, ...wanted} = operation;
  const dropletKey = hasOwnKey ? await parsePrivateKey(workerKey, 'The droplet key') : undefined;
  return createWorkers(await requestFor[ci]({...wanted, dropletKey}), context, {pace});
}

/** Ends an operation at a request as a kill does: nothing that it would do from then on happens. */
function createStopping(stop: Stop | undefined) {
  const killing = Promise.withResolvers<void>();
  let connected: Connected | undefined;
  let isKilled = false;
  let count = 0;

  function act(): void {
    isKilled = stop?.how === 'kill';
    connected?.abort(new Interrupted('SIGTERM'));
    if (isKilled) {
      killing.resolve();
    }
  }

  function at(when: 'before' | 'after'): Promise<void> | void {
    if (isKilled) {
      return never;
    }

    count += when === 'before' ? 1 : 0;
    if (stop?.request !== count || stop.when !== when) {
      return undefined;
    }

    act();
    return isKilled && when === 'before' ? never : undefined;
  }

  /** Calls that begin or end after the kill never end. */
  async function call<T>(begin: () => Promise<T>, isCounted: boolean): Promise<T> {
    if (isKilled || (isCounted && at('before') !== undefined)) {
      return never;
    }

    try {
      const value = await begin();
      return isKilled || (isCounted && at('after') !== undefined) ? await never : value;
    } catch (error) {
      throw isKilled ? await never : error;
    }
  }

  return {
    at,
    killed: killing.promise,
    begin(value: Connected) {
      connected = value;
    },
    guard<T extends object>(target: T, isCounted: boolean): T {
      return new Proxy(target, {
        get(_, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== 'function' || key === 'plan') {
            return value;
          }

          return async (...arguments_: unknown[]) =>
            call(
              async () => Reflect.apply(value, target, arguments_) as Promise<unknown>,
              isCounted,
            );
        },
      });
    },
  };
}
