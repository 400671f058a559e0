import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {State} from '../../src/start-worker/state.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';

const program = path.join(import.meta.dirname, 'worker-program.mjs');

export type Plan = Record<string, unknown>;
export type Entry = JsonObject & {
  start?: {pid: number; argv: string[]; config?: string; path?: string};
};

/** A folder of the test's own, with workers to start in it. */
export async function startFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'start-worker-'));
  const record = path.join(folder, 'record');
  return {
    folder,
    configPath: path.join(folder, 'worker.json'),

    /** What the worker program is told by its environment. */
    environment: (plan: Plan = {}): NodeJS.ProcessEnv => ({
      // Nothing of the system: a test must never find the real `shutdown`.
      PATH: `${path.join(folder, 'bin')}:${path.dirname(process.execPath)}`,
      WORKER_PLAN: JSON.stringify({record, ...plan}),
    }),

    /** An executable that runs the worker program, or other lines of a shell. */
    async executable(name: string, shell = `exec '${process.execPath}' '${program}' "$@"`) {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), {recursive: true});
      await writeFile(file, `#!/bin/sh\n${shell}\n`);
      await chmod(file, 0o755);
      return file;
    },

    /** A docker-worker of before it had an executable. */
    async script(name: string) {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), {recursive: true});
      await writeFile(file, `import(${JSON.stringify(program)});\n`);
      return file;
    },

    /** What the worker program has noted: its start, and the messages that it got. */
    async recorded(): Promise<Entry[]> {
      const text = await readFile(record, 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Entry);
    },

    async [Symbol.asyncDispose]() {
      await rm(folder, {recursive: true, force: true});
    },
  };
}

export function makeState(changes: Partial<State> = {}): State {
  return {
    rootUrl: 'https://tc.example.com',
    providerId: 'digitalocean',
    workerPoolId: 'proj-example/ci',
    workerGroup: 'ams3',
    workerId: 'ci-0',
    providerMetadata: {},
    workerLocation: {cloud: 'digitalocean', region: 'ams3'},
    credentials: {clientId: 'worker/ci-0', accessToken: 'no-secret-token'},
    credentialsExpire: undefined,
    registrationSecret: undefined,
    workerConfig: {},
    secretConfig: {},
    files: [],
    ...changes,
  };
}
