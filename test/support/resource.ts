import {mkdtemp, readdir, readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {Emulator} from '../../src/emulator/server.js';

/** A resource's `source` for an emulator. */
export function sourceFor({digitalOcean, concourse}: Emulator, changes: object = {}) {
  return {
    api_key: digitalOcean.token,
    ci_worker_key: concourse.workerKey,
    ci_tsa_pub_key: concourse.tsaPublicKey,
    ci_tsa_port: concourse.tsaPort,
    ci_tsa_host: concourse.tsaHost,
    fly_username: concourse.username,
    fly_password: concourse.password,
    digitalocean_url: digitalOcean.url,
    ...changes,
  };
}

/** What Concourse tells the steps of a build. */
export function buildEnvironment(
  {concourse}: Emulator,
  changes: Record<string, string> = {},
): Record<string, string> {
  return {
    BUILD_ID: '42',
    BUILD_NAME: '3',
    BUILD_TEAM_NAME: 'main',
    BUILD_PIPELINE_NAME: 'shop',
    BUILD_JOB_NAME: 'unit',
    ATC_EXTERNAL_URL: concourse.url,
    ...changes,
  };
}

export async function newDirectory(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'do-worker-get-'));
}

/** The files of a directory, by name. */
export async function filesIn(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory);
  const texts = await Promise.all(
    names.map(async (name) => readFile(path.join(directory, name), 'utf8')),
  );
  return Object.fromEntries(names.map((name, index) => [name, texts[index]!]));
}
