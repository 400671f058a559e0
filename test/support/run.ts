import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import process from 'node:process';
import type {Emulator} from '../../src/emulator/server.js';
import {writeEmulatorKeys} from '../../src/emulator-keys.js';

export type Ran = {stdout: string; stderr: string; code: number | null};

export type Running = {child: ChildProcess; output: () => string; done: Promise<Ran>};

const executable = path.join(import.meta.dirname, '../../bin/do-worker.js');

/** Starts the real command line as a process, with nothing of this process's environment but the path. */
export function start(args: string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [executable, ...args], {
    env: {PATH: process.env.PATH, HOME: '/nonexistent', ...environment},
    stdio: ['ignore', 'pipe', 'pipe'],
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

export async function run(args: string[], environment: Record<string, string> = {}): Promise<Ran> {
  return start(args, environment).done;
}

/** The environment that the emulator command prints. */
export async function environmentOf(emulator: Emulator): Promise<Record<string, string>> {
  const {environment} = await writeEmulatorKeys(emulator.concourse);
  return {...emulator.environment, ...environment};
}
