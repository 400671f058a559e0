import {WorkerManager} from '../taskcluster/worker-manager.js';
import {watchDeployment} from './deployment.js';
import {reportError} from './error-report.js';
import {makeExit} from './exit-manager.js';
import type {RunningWorker} from './implementation.js';
import type {Log} from './log.js';
import {isObject} from './pick.js';
import {implementationKey} from './pool-config.js';
import {WorkerProtocol} from './protocol.js';
import type {Provider} from './provider.js';
import {reregisterWorker} from './registration.js';
import {keepCredentials, type Time} from './renewal.js';
import type {State} from './state.js';
import {stopWhenAsked} from './stop.js';

export type Accompaniment = {
  /** Name of the worker implementation. */
  kind: string;
  provider: Provider;
  deploymentEverySeconds: number;
  /** Keeps the renewed state over restarts. */
  cache: (() => Promise<void>) | undefined;
  environment: NodeJS.ProcessEnv;
  log: Log;
  /** Ends the worker when it is aborted. */
  signal: AbortSignal;
  time: Time;
};

const removalLimitSeconds = 120;

/** Speaks with the worker while it runs, and does what is left to do when it has ended. */
export async function accompany(
  worker: RunningWorker,
  state: State,
  {kind, provider, deploymentEverySeconds, cache, environment, log, signal, time}: Accompaniment,
): Promise<void> {
  const {secondMs} = time;
  const {rootUrl, workerPoolId, workerGroup, workerId} = state;
  // Made for each call: the credentials change.
  const connect = () => new WorkerManager({rootUrl, credentials: state.credentials, secondMs});
  const ended = new AbortController();
  const running = AbortSignal.any([signal, ended.signal]);

  const leave = makeExit({
    isDynamic: provider.isDynamic,
    removeWorker: async () =>
      connect().removeWorker(state, AbortSignal.timeout(removalLimitSeconds * secondMs)),
    environment,
    log,
  });
  const protocol = new WorkerProtocol(worker.transport, {log, secondMs});
  protocol.on('log', ({body}) => {
    if (isObject(body)) {
      log.structured(body);
    } else {
      log.line("received log message from worker lacking 'body' property");
    }
  });
  protocol.on('error-report', async (message) => {
    const manager = connect();
    await reportError(
      message,
      async (report) =>
        manager.reportWorkerError(workerPoolId, {workerGroup, workerId, ...report}, signal),
      log,
    );
  });
  let isEnding = false;
  protocol.on('shutdown', async () => {
    isEnding = provider.endsOnShutdown === true;
    await leave();
  });

  const terminate = async (finishTasks: boolean) => {
    const isCapable = await protocol.isCapable('graceful-termination');
    if (isCapable) {
      log.line(`Sending graceful-termination request with finish-tasks=${finishTasks}`);
      protocol.send('graceful-termination', {'finish-tasks': finishTasks});
    }

    return isCapable;
  };

  const companions = [
    keepCredentials(
      {
        state,
        protocol,
        renew: async (renewing) => reregisterWorker(state, connect(), renewing),
        ...(cache && {cache}),
        log,
        time,
      },
      running,
    ),
    provider.watch?.(async () => {
      await terminate(false);
    }, running),
    watchDeployment(
      {
        everySeconds: deploymentEverySeconds,
        secondMs,
        current: state.workerConfig.deploymentId,
        implementationKey: implementationKey(kind),
        workerPool: async (asking) => connect().workerPool(workerPoolId, asking),
        finishTasks: async () => terminate(true),
        log,
      },
      running,
    ),
    stopWhenAsked({worker, protocol, log, secondMs}, signal, ended.signal),
  ].map(async (companion) => logFailure(companion, log));

  try {
    await protocol.run();
    await worker.wait();
  } catch (error) {
    // A worker that was asked to end, or may end when it wants to, ends as it likes.
    if (!signal.aborted && !isEnding) {
      throw error;
    }

    log.line(`The worker has ended: ${(error as Error).message}`);
  } finally {
    ended.abort();
    await Promise.all(companions);
  }

  if (!signal.aborted) {
    await leave();
  }
}

/** A worker goes on without a companion that has failed. */
async function logFailure(companion: Promise<void> | undefined, log: Log): Promise<void> {
  try {
    await companion;
  } catch (error) {
    log.line(`Error beside the worker: ${(error as Error).message}`);
  }
}
