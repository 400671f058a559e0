import {mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

/** Writes an emulator's keys to a new folder, as a person has them; gives the variables that name the files. */
export async function writeEmulatorKeys({
  tsaPublicKey,
  workerKey,
}: {
  tsaPublicKey: string;
  workerKey: string;
}): Promise<{folder: string; environment: Record<string, string>}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-emulator-'));
  const environment = {
    DO_WORKER_TSA_PUBLIC_KEY: path.join(folder, 'tsa_host_key.pub'),
    DO_WORKER_WORKER_KEY: path.join(folder, 'worker_key'),
  };
  await writeFile(environment.DO_WORKER_TSA_PUBLIC_KEY, `${tsaPublicKey.trim()}\n`);
  await writeFile(environment.DO_WORKER_WORKER_KEY, workerKey, {mode: 0o600});
  return {folder, environment};
}
