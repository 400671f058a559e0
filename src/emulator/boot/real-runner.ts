import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {Machine} from '../machine.js';
import type {RunnerConfig} from './runner-process.js';

type Start = {
  machine: Machine;
  config: RunnerConfig;
  /** Certificates that Node is to trust besides its own, in PEM. */
  trusted: string;
  /** Where the droplet's metadata service is, which on a droplet is 169.254.169.254. */
  metadataUrl: string;
  log: (line: string) => void;
};

/**
 * Runs the real start-worker with the configuration that user-data wrote, until it ends or the machine is off; gives its
 * exit status. The machine is a folder: what is an address or a file of its own becomes one of here, and in place of the
 * worker that it would download, a stand-in is started.
 */
export async function runRealRunner({
  machine,
  config,
  trusted,
  metadataUrl,
  log,
}: Start): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), `do-worker-${machine.name}-`));
  try {
    const worker = path.join(folder, 'generic-worker');
    const stand = [process.execPath, packageFile('dist/emulator/stand-in-worker.js')];
    await writeFile(
      worker,
      `#!/bin/sh\nexec ${stand.map((word) => quoted(word)).join(' ')} "$@"\n`,
      {
        mode: 0o700,
      },
    );
    const file = path.join(folder, 'runner.yml');
    const here = {
      ...config,
      provider: {
        ...config.provider,
        metadataUrl,
        ...(config.provider.metadataFile !== undefined && {
          metadataFile: await keepMetadata(metadataUrl, path.join(folder, 'metadata.json')),
        }),
      },
      worker: {
        ...config.worker,
        implementation: 'generic-worker',
        path: worker,
        configPath: path.join(folder, 'worker.json'),
      },
    };
    await writeFile(file, JSON.stringify(here), {mode: 0o600});
    const authorities = path.join(folder, 'ca.pem');
    await writeFile(authorities, trusted);
    const environment = {
      ...process.env,
      ...(trusted !== '' && {NODE_EXTRA_CA_CERTS: authorities}),
    };
    const command = [packageFile('bin/start-worker.js'), file];
    return await run(command, environment, machine.off, log);
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** What the bootstrap of a droplet does before start-worker. */
async function keepMetadata(url: string, file: string): Promise<string> {
  const response = await fetch(`${url}/metadata/v1.json`);
  await writeFile(file, await response.text(), {mode: 0o600});
  return file;
}

async function run(
  command: string[],
  environment: NodeJS.ProcessEnv,
  off: AbortSignal,
  log: (line: string) => void,
): Promise<number> {
  off.throwIfAborted();
  // A group of its own, so that the loss of power ends the worker too.
  const child = spawn(process.execPath, command, {
    detached: true,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const cut = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };

  off.addEventListener('abort', cut);
  createInterface({input: child.stderr}).on('line', log);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    off.removeEventListener('abort', cut);
  }
}

/** A file of this package, wherever this code was bundled to. */
function packageFile(name: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, name)) && folder !== path.dirname(folder)) {
    folder = path.dirname(folder);
  }

  return path.join(folder, name);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
