import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import type {Time} from '../../src/start-worker/renewal.js';
import {run} from '../../src/start-worker/run.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';
import type {Plan, startFolder} from './workers.js';

export type Begun = {
  log: ReturnType<typeof collectLog>;
  /** Ends as the run does. */
  done: Promise<void>;
  stop(reason: Error): void;
};

/** Runs generic-worker, played by the worker program, or another worker that the configuration names. */
export async function begin(
  folder: Awaited<ReturnType<typeof startFolder>>,
  {config, plan = {}, time}: {config: JsonObject; plan?: Plan; time?: Time},
): Promise<Begun> {
  const configFile = path.join(folder.folder, 'runner.json');
  const worker = {
    implementation: 'generic-worker',
    path: await folder.executable('generic-worker'),
    configPath: folder.configPath,
  };
  await writeFile(configFile, JSON.stringify({worker, ...config}), {mode: 0o600});
  const log = collectLog();
  const stop = new AbortController();
  const done = run({
    configFile,
    environment: folder.environment(plan),
    log,
    signal: stop.signal,
    time: time ?? {secondMs: 20, now: () => Date.now()},
  });
  // A test may look elsewhere while it fails.
  done.catch(() => undefined);
  return {
    log,
    done,
    stop(reason) {
      stop.abort(reason);
    },
  };
}

/** Waits until a claim comes true. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isTrue())) {
    if (Date.now() > end) {
      throw new Error('It does not come true');
    }

    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
