import {Buffer} from 'node:buffer';
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {ActionableError} from '../errors.js';
import {fileProblem} from '../settings.js';
import type {Log} from './log.js';
import type {WorkerFile} from './state.js';
import {unzip} from './unzip.js';

/** Writes the files that the pool's definition brings along, in their order; the first that fails ends it. */
export async function extractFiles(
  files: readonly WorkerFile[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (const file of files) {
    signal.throwIfAborted();
    try {
      await extract(file, log, signal);
    } catch (error) {
      signal.throwIfAborted();
      const isExpected = error instanceof ActionableError;
      if (!isExpected && (error as NodeJS.ErrnoException).code === undefined) {
        throw error;
      }

      const cause = isExpected ? error.message : fileProblem(error);
      throw new ActionableError('FILES', `error extracting file ${file.path}: ${cause}`, [
        "Check the files in the worker pool's definition",
      ]);
    }
  }
}

async function extract(file: WorkerFile, log: Log, signal: AbortSignal): Promise<void> {
  const {description, path: target, format} = file;
  const content = decode(file);
  if (format === 'file') {
    log.line(`Writing ${description} to path ${target}`);
    await mkdir(path.dirname(target), {recursive: true, mode: 0o755});
    // Executable, as far as the umask allows: nothing tells whether it is a program.
    await writeFile(target, content, {mode: 0o777, signal});
  } else if (format === 'zip') {
    log.line(`Unzipping ${description} to path ${target}`);
    await unzip(content, target, signal);
  } else {
    throw problem(`Unknown file format ${format} in worker files`);
  }
}

function decode({content, encoding}: WorkerFile): Buffer {
  if (encoding !== 'base64') {
    throw problem(`Unsupported encoding ${encoding} for worker file`);
  }

  // Buffer would leave out what it does not know; a pattern for the whole would overflow the stack from some megabytes.
  const text = content.replaceAll(/[\r\n]/gv, '');
  const first = text.search(/[^+\/0-9A-Za-z]/v);
  const padding = first === -1 ? '' : text.slice(first);
  if (text.length % 4 !== 0 || !['', '=', '=='].includes(padding)) {
    throw problem('content is not valid base64');
  }

  return Buffer.from(text, 'base64');
}

function problem(message: string): ActionableError {
  return new ActionableError('FILES', message);
}
