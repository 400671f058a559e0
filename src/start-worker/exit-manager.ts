import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Log} from './log.js';

export type ExitOptions = {
  /** Of the provider: another host is nobody's to shut down. */
  isDynamic: boolean;
  /** Removes the worker from the worker manager, which ends the machine. */
  removeWorker(): Promise<unknown>;
  environment: NodeJS.ProcessEnv;
  log: Log;
};

const shutdownLimitMs = 60_000;

/** What is done when the worker asks for a shutdown or has ended well: once, however often it is called. */
export function makeExit(options: ExitOptions): () => Promise<void> {
  let leaving: Promise<void> | undefined;
  return async () => {
    leaving ??= leave(options);
    return leaving;
  };
}

async function leave({isDynamic, removeWorker, environment, log}: ExitOptions): Promise<void> {
  if (!isDynamic) {
    log.line('Host is not dynamically provisioned; exiting');
    return;
  }

  log.line('Shutting down on request from worker');
  try {
    await removeWorker();
  } catch (error) {
    log.line(`Error removing worker: ${(error as Error).message}`);
    log.line('Falling back to system shutdown');
    await shutDown(environment, log);
  }
}

async function shutDown(environment: NodeJS.ProcessEnv, log: Log): Promise<void> {
  try {
    const child = spawn('shutdown', ['-h', 'now'], {
      env: environment,
      stdio: 'ignore',
      signal: AbortSignal.timeout(shutdownLimitMs),
    });
    const [status] = (await once(child, 'exit')) as [number | null];
    if (status !== 0) {
      log.line(`Error shutting down system: exit status ${status ?? 'unknown'}`);
    }
  } catch (error) {
    log.line(`Error shutting down system: ${(error as Error).message}`);
  }
}
