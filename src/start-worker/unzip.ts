/* eslint-disable no-bitwise -- flags and modes of files are bits */
import type {Buffer} from 'node:buffer';
import {constants} from 'node:fs';
import {mkdir, open, realpath, stat} from 'node:fs/promises';
import path from 'node:path';
import {crc32} from 'node:zlib';
import {type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile} from 'yauzl';
import {ActionableError} from '../errors.js';

/** Of all entries together: what a few kilobytes can make would else fill the disk. */
const limitBytes = 1024 * 1024 * 1024;
const folderMode = 0o755;
/** Never through a link that is there, wherever that leads, and never waiting for a pipe's reader. */
const writeFlags =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_TRUNC |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK;

/** Writes the entries of a zip archive below a folder, and nothing anywhere else. */
export async function unzip(content: Buffer, target: string, signal: AbortSignal): Promise<void> {
  const zip = await readable(fromBufferPromise(content, {decodeStrings: false}));
  await mkdir(target, {recursive: true, mode: folderMode});
  const root = await realpath(target);
  const entries = zip.eachEntry();
  let left = limitBytes;
  for (;;) {
    signal.throwIfAborted();
    const {value: entry, done} = (await readable(entries.next())) as IteratorResult<Entry, void>;
    if (done === true || entry === undefined) {
      return;
    }

    left -= entry.uncompressedSize;
    if (left < 0) {
      throw problem(`zip holds more than ${limitBytes} bytes`);
    }

    await extractEntry(zip, entry, root, signal);
  }
}

async function extractEntry(
  zip: ZipFile,
  entry: Entry,
  root: string,
  signal: AbortSignal,
): Promise<void> {
  const name = nameOf(entry);
  const {mode, isFolder} = modeOf(entry, name);
  // An absolute path is one below the target, too.
  const relative = path.relative(root, path.join(root, name));
  if (name.includes('\0') || relative === '..' || relative.startsWith(`..${path.sep}`)) {
    throw illegal(name);
  }

  const parts = relative.split(path.sep).filter((part) => part !== '');
  const last = isFolder ? undefined : parts.pop();
  let folder = root;
  for (const [index, part] of parts.entries()) {
    const isWhole = isFolder && index === parts.length - 1;
    folder = await enterFolder(path.join(folder, part), isWhole ? mode : folderMode);
    if (folder !== root && !folder.startsWith(root === path.sep ? root : `${root}${path.sep}`)) {
      throw illegal(name);
    }
  }

  if (!isFolder) {
    await writeEntry(zip, entry, {file: path.join(folder, last ?? ''), name, mode}, signal);
  }
}

/** Makes a folder where there is none, and tells where it really is: links inside the target may lead out of it. */
async function enterFolder(folder: string, mode: number): Promise<string> {
  try {
    await mkdir(folder, mode);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere || !(await stat(folder)).isDirectory()) {
      throw error;
    }
  }

  return realpath(folder);
}

async function writeEntry(
  zip: ZipFile,
  entry: Entry,
  {file, name, mode}: {file: string; name: string; mode: number},
  signal: AbortSignal,
): Promise<void> {
  await using handle = await open(file, writeFlags, mode).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? illegal(name) : error;
  });
  const stream = await readable(zip.openReadStreamPromise(entry));
  // It may fail once more after it has been given up.
  stream.on('error', () => undefined);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, void>;
  let checksum = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const {value: chunk, done} = await readable(chunks.next());
      if (done === true || chunk === undefined) {
        break;
      }

      checksum = crc32(chunk, checksum);
      await handle.writeFile(chunk);
    }
  } finally {
    stream.destroy();
  }

  if (checksum !== entry.crc32) {
    throw problem(`not a valid zip file: wrong checksum of ${name}`);
  }
}

/** Without the checks that the library would make of it: its messages are others. */
function nameOf(entry: Entry): string {
  const {generalPurposeBitFlag, fileNameRaw, extraFields} = entry;
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

/** A link is no file of its own here: it becomes one that holds where it leads. */
function modeOf(
  {versionMadeBy, externalFileAttributes: attributes}: Entry,
  name: string,
): {mode: number; isFolder: boolean} {
  const isUnix = [3, 19].includes(versionMadeBy >>> 8);
  const mode = attributes >>> 16;
  const isFolder =
    name.endsWith('/') ||
    (isUnix ? (mode & constants.S_IFMT) === constants.S_IFDIR : (attributes & 0x10) !== 0);
  if (isUnix) {
    return {mode: mode & 0o7777, isFolder};
  }

  const isReadOnly = (attributes & 0x01) !== 0;
  return {mode: (isFolder ? 0o777 : 0o666) & (isReadOnly ? 0o555 : 0o777), isFolder};
}

/** Whatever the library says is about the archive. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw problem(`not a valid zip file: ${(error as Error).message}`);
  }
}

function illegal(name: string): ActionableError {
  return problem(`illegal file path in zip: ${name}`);
}

function problem(message: string): ActionableError {
  return new ActionableError('FILES', message);
}
