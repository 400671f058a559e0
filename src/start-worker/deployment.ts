import {setTimeout as delay} from 'node:timers/promises';
import {ActionableError, ApiError} from '../errors.js';
import type {FieldText} from './field-texts.js';
import type {Log} from './log.js';
import {pick} from './pick.js';
import type {Section} from './section.js';
import type {Json} from './worker-config.js';

const field = 'checkForNewDeploymentEverySecs';
const defaultSeconds = 1800;
/** Node's timers wrap around after some 24 days. */
const mostSeconds = 20 * 24 * 3600;

/** For every worker: `worker.checkForNewDeploymentEverySecs`. */
export const deploymentField: FieldText = {
  name: field,
  type: 'number',
  isRequired: false,
  text: `How often to look whether the worker pool has got another deploymentId than the worker, which then finishes its tasks and ends. ${defaultSeconds} by default; 0 = never. The worker needs the scope worker-manager:get-worker-pool:<pool>`,
};

/** Seconds between two looks; 0 for none. */
export function deploymentSeconds({fields}: Section): number {
  const value = fields[field] === undefined ? defaultSeconds : fields[field];
  if (typeof value === 'number' && value >= 0 && value <= mostSeconds) {
    return value;
  }

  throw new ActionableError(
    'RUNNER_CONFIG',
    `configuration value \`worker.${field}\` should be a number from 0 to ${mostSeconds}`,
    ['0 turns the look for a new deploymentId off'],
  );
}

export type DeploymentOptions = {
  everySeconds: number;
  secondMs: number;
  /** Of the worker that runs; nothing to do without. */
  current: Json | undefined;
  /** The worker's name in the pool's workerConfig, such as `genericWorker`. */
  implementationKey: string;
  workerPool(signal: AbortSignal): Promise<unknown>;
  /** Lets the worker finish its tasks and end; false when it cannot be told. */
  finishTasks(): Promise<boolean>;
  log: Log;
};

/** Looks for a new deploymentId of the pool until there is one; whatever goes wrong, the worker goes on. */
export async function watchDeployment(
  {everySeconds, secondMs, current, implementationKey, ...options}: DeploymentOptions,
  signal: AbortSignal,
): Promise<void> {
  const {workerPool, finishTasks, log} = options;
  if (everySeconds === 0 || typeof current !== 'string' || current === '') {
    return;
  }

  let isDenied = false;
  for (;;) {
    try {
      await delay(everySeconds * secondMs, undefined, {signal});
      const found = deploymentIdsIn(await workerPool(signal), implementationKey);
      isDenied = false;
      const [next] = found;
      if (next !== undefined && !found.includes(current)) {
        log.line(`New deploymentId found! "${current}" => "${next}" - therefore shutting down!`);
        if (!(await finishTasks())) {
          log.line('The worker cannot be told to finish its tasks: it keeps running');
        }

        return;
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }

      const wasDenied = isDenied;
      isDenied = error instanceof ApiError && error.status === 403;
      if (!(wasDenied && isDenied)) {
        log.line(`Error looking for a new deploymentId: ${(error as Error).message}`);
      }
    }
  }
}

/**
 * The deploymentIds of a pool's definition, that of the first launch configuration first.
 * A static pool has no launch configurations, and one for all its workers.
 */
export function deploymentIdsIn(pool: unknown, implementationKey: string): string[] {
  const config = pick(pool as Json, 'config');
  const launchConfigs = pick(config, 'launchConfigs');
  return (Array.isArray(launchConfigs) ? launchConfigs : [config])
    .map((holder) => {
      const workerConfig = pick(holder, 'workerConfig');
      return (
        pick(workerConfig, implementationKey, 'config', 'deploymentId') ??
        pick(workerConfig, 'deploymentId')
      );
    })
    .filter((id) => typeof id === 'string');
}
