import {chmod, chown, mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** A folder of the test's own. */
export async function makeFolder() {
  const root = await mkdtemp(path.join(tmpdir(), 'start-worker-'));
  return {
    at: (name: string) => path.join(root, name),
    async [Symbol.asyncDispose]() {
      await rm(root, {recursive: true, force: true});
    },
  };
}

/** A file of mode 0644 that belongs to another user. */
export async function foreignFile(folder: {at: (name: string) => string}): Promise<string> {
  if (process.getuid?.() !== 0) {
    return '/etc/passwd';
  }

  const file = folder.at('foreign');
  await writeFile(file, 'a: 1');
  await chmod(file, 0o644);
  await chown(file, 1234, 1234);
  return file;
}

/** The permission bits, as `0644`. */
export async function modeOf(file: string): Promise<string> {
  return (await stat(file)).mode.toString(8).slice(-4);
}
