import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type {Emulator} from '../../src/emulator/server.js';
import {writeEmulatorKeys} from '../../src/emulator-keys.js';

export type Ran = {stdout: string; stderr: string; code: number | null};

export type Running = {child: ChildProcess; output: () => string; done: Promise<Ran>};

const executable = path.join(import.meta.dirname, '../../bin/do-worker.js');

/** Starts the real command line as a process, with nothing of this process's environment but the path. */
export function start(arguments_: string[], environment: Record<string, string> = {}): Running {
  const running = startProcess(process.execPath, [executable, ...arguments_], environment);
  running.child.stdin!.end();
  return running;
}

function startProcess(
  command: string,
  arguments_: string[],
  environment: Record<string, string>,
): Running {
  const child = spawn(command, arguments_, {
    env: {PATH: process.env.PATH, HOME: '/nonexistent', ...environment},
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    output: () => stdout + stderr,
    done: once(child, 'close').then(([code]) => ({stdout, stderr, code: code as number | null})),
  };
}

export async function run(
  arguments_: string[],
  environment: Record<string, string> = {},
): Promise<Ran> {
  return start(arguments_, environment).done;
}

/** The environment that the emulator command prints. */
export async function environmentOf(emulator: Emulator): Promise<Record<string, string>> {
  const {environment} = await writeEmulatorKeys(emulator.concourse);
  return {...emulator.environment, ...environment};
}

/** Where the Concourse resource's scripts are: in its image, or here. */
const scripts = existsSync('/opt/resource/check')
  ? '/opt/resource'
  : path.join(import.meta.dirname, '../../bin');

/** Starts one of the Concourse resource's scripts with a request on its standard input. */
export function startScript(
  script: 'check' | 'in' | 'out',
  request: unknown,
  {
    args: arguments_ = [],
    environment = {},
  }: {args?: string[]; environment?: Record<string, string>} = {},
): Running {
  const running = startProcess(path.join(scripts, script), arguments_, environment);
  running.child.stdin!.end(typeof request === 'string' ? request : JSON.stringify(request));
  return running;
}
