/* eslint-disable no-bitwise -- flags and modes of files are bits */
import {constants, type Stats} from 'node:fs';
import {open} from 'node:fs/promises';
import process from 'node:process';
import {ActionableError} from '../errors.js';
import {fileProblem} from '../settings.js';

/** Made for tokens and a few files, not for images. */
const limitBytes = 64 * 1024 * 1024;
/** A link could lead to another's file, and a pipe would be waited for. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a file that is this user's, and no other's to read or write; undefined when there is none. With `onTightened`
 * a mode that is too wide is mended and told, without it refused.
 */
export async function readPrivateFile(
  file: string,
  onTightened?: (mode: string) => void,
): Promise<string | undefined> {
  try {
    return await readChecked(file, onTightened);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return undefined;
    }

    if (code === 'ELOOP') {
      throw refusal(`${file} is a symbolic link`, ['Name the file that the link leads to']);
    }

    throw error instanceof ActionableError
      ? error
      : refusal(`cannot read ${file}: ${fileProblem(error)}`);
  }
}

async function readChecked(file: string, onTightened?: (mode: string) => void): Promise<string> {
  await using handle = await open(file, flags);
  let stats = await handle.stat();
  checkReadable(file, stats);
  if (onTightened !== undefined && isWide(stats)) {
    checkOwner(file, stats, `; refusing to tighten permissions ${modeOf(stats)}`);
    await handle.chmod(0o600);
    onTightened(modeOf(stats));
    stats = await handle.stat();
  }

  checkOwner(file, stats);
  if (isWide(stats)) {
    throw refusal(`${file} has mode ${modeOf(stats)}; only its owner may have access`, [
      'Delete it, or set its mode to 0600',
    ]);
  }

  return await handle.readFile('utf8');
}

function checkReadable(file: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw refusal(`${file} is not a regular file (mode ${modeOf(stats)})`);
  }

  if ((stats.mode & 0o400) === 0) {
    throw refusal(`${file} has mode ${modeOf(stats)}; owner-read bit must be set`, [
      `chmod 0600 ${file}`,
    ]);
  }

  if (stats.size > limitBytes) {
    throw refusal(`${file} has more than ${limitBytes} bytes`);
  }
}

function checkOwner(file: string, {uid}: Stats, consequence = ''): void {
  const expected = process.geteuid?.() ?? uid;
  if (uid !== expected) {
    throw refusal(`${file} has incorrect owner id ${uid} (expected ${expected})${consequence}`, [
      'Give the file to the user that runs start-worker',
    ]);
  }
}

function isWide({mode}: Stats): boolean {
  return (mode & 0o077) !== 0;
}

/** The permission bits; with the file's type, when it is not a regular file. */
function modeOf(stats: Stats): string {
  const mode = stats.isFile() ? stats.mode & 0o7777 : stats.mode;
  return mode.toString(8).padStart(4, '0');
}

function refusal(message: string, suggestions: string[] = []): ActionableError {
  return new ActionableError('PRIVATE_FILE', message, suggestions);
}
