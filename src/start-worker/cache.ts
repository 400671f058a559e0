import {open, rename, rm} from 'node:fs/promises';
import {ActionableError} from '../errors.js';
import {fileProblem} from '../settings.js';
import {formatState, parseState} from './cache-format.js';
import type {Log} from './log.js';
import {readPrivateFile} from './private-file.js';
import type {State} from './state.js';

/** The state that an earlier run of the machine has kept; undefined on the first. */
export async function readCache(file: string, log: Log): Promise<State | undefined> {
  try {
    const text = await readPrivateFile(file);
    if (text === undefined) {
      return undefined;
    }

    log.line(`Loading cached state from ${file}`);
    return parseState(text);
  } catch (error) {
    throw error instanceof ActionableError
      ? new ActionableError('CACHE', `error loading cached state: ${error.message}`, [
          ...error.suggestions,
          `Delete ${file}: the worker then registers anew`,
        ])
      : error;
  }
}

/** Keeps the state for the next run, for this user's eyes only. */
export async function writeCache(file: string, state: State, log: Log): Promise<void> {
  log.line(`Caching worker-runner state at ${file}`);
  const text = formatState(state);
  // A machine that goes down meanwhile keeps the old state or has the new one, never half of it.
  const fresh = `${file}.new`;
  try {
    await rm(fresh, {force: true});
    await writeNew(fresh, text);
    await rename(fresh, file);
  } catch (error) {
    throw new ActionableError('CACHE', `could not cache state at ${file}: ${fileProblem(error)}`, [
      'Check cacheOverRestarts in the runner configuration',
    ]);
  }

  if ((await readPrivateFile(file)) !== text) {
    throw new ActionableError(
      'CACHE',
      `could not cache state at ${file}: it was changed meanwhile`,
    );
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.sync();
}
