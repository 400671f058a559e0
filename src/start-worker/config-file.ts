import {rm, writeFile} from 'node:fs/promises';
import {ActionableError} from '../errors.js';
import {fileProblem} from '../settings.js';
import type {JsonObject} from './worker-config.js';

/** Writes the worker's configuration, which holds its credentials, for this user's eyes only. */
export async function writeConfigFile(file: string, config: JsonObject): Promise<void> {
  try {
    // A file that is there would keep its mode, and a link would lead elsewhere.
    await rm(file, {force: true});
    await writeFile(file, JSON.stringify(config, null, 2), {flag: 'wx', mode: 0o600});
  } catch (error) {
    throw new ActionableError(
      'WORKER_CONFIG_FILE',
      `could not write worker config file ${file}: ${fileProblem(error)}`,
      ['Check worker.configPath in the runner configuration'],
    );
  }
}
