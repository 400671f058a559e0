import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {writeEmulatorKeys} from '../../src/emulator-keys.js';
import {clockAhead} from './clock-ahead.js';
import {graceSeconds, saidIn, tellsOfRecords, type Operate, type Result} from './operate.js';
import type {Operation, Stop} from './plan.js';

/** Nobody waits as long as this: an operation that does will never end. */
const longestMs = 600_000;

/** The operations as processes of the real command line, in real time, ended by real signals. */
export const operateAsProcess: Operate = async (world, label, operation, options) => {
  const {stop, jumpSeconds = 0} = options;
  let count = 0;
  let isKilled = false;
  const line = await world.open(label, operation, async (when) => {
    count += when === 'before' ? 1 : 0;
    if (stop?.request === count && stop.when === when) {
      if (when === 'after' && stop.lateMs > 0) {
        setTimeout(() => {
          end(stop.how);
        }, stop.lateMs);
        return;
      }

      end(stop.how);
      await (isKilled && running.done);
    }

    // What a dead process has not sent has no effect.
    await (isKilled && when === 'before' && Promise.withResolvers<void>().promise);
  });
  if (jumpSeconds > 0) {
    // Taskcluster refuses what a clock that is far from its own has signed, and the process has its own clock.
    const {settings} = line.emulator.taskcluster;
    Object.assign(settings, {clockAheadSeconds: jumpSeconds, taskclusterDateSkewSeconds: 0});
  }

  function end(how: Stop['how']): void {
    const isSent = running.child.kill(how === 'kill' ? 'SIGKILL' : 'SIGTERM');
    isKilled = isSent && how === 'kill';
  }

  const {folder, environment} = await writeEmulatorKeys(line.emulator.concourse);
  const running = start(argumentsOf(operation, environment.DO_WORKER_WORKER_KEY!), {
    ...line.emulator.environment,
    ...environment,
    ...(jumpSeconds > 0 && clockAhead(jumpSeconds)),
  });
  const timer = setTimeout(() => {
    world.truth.violations.push(`${label} does not end`);
    running.child.kill('SIGKILL');
  }, longestMs);
  const {code, stdout, stderr} = await running.done;
  clearTimeout(timer);
  await rm(folder, {recursive: true});

  if (isKilled) {
    return {end: 'stopped', message: 'killed'};
  }

  if (/UNEXPECTED|failed unexpectedly|TypeError|ReferenceError/v.test(stdout + stderr)) {
    world.truth.violations.push(`${label} failed with a bug: ${stdout}${stderr}`);
  }

  const result = parsed(stdout);
  // A cleanup that met something strange exits with 1, but it is done.
  const hasLeftRecords = tellsOfRecords(stderr);
  return code !== 0 && result.counts === undefined
    ? {end: 'failed', message: stdout || stderr, hasLeftRecords}
    : {end: 'done', message: '', hasLeftRecords, ...saidIn(operation.kind, result)};
};

function parsed(stdout: string): Result {
  try {
    return JSON.parse(stdout) as Result;
  } catch {
    return {};
  }
}

/** Any private key will do as one's own. */
function argumentsOf(operation: Operation, keyFile: string): string[] {
  const {kind, workerName, ci} = operation;
  if (kind === 'cleanup') {
    return [
      kind,
      '--json',
      ...given('--kind', ci),
      ...given('--name', workerName),
      ...given('--max-deletes', operation.maxDeletes),
      ...given('--grace', graceSeconds),
    ];
  }

  const selection = [
    kind,
    operation.workerName,
    '--json',
    ...given('--kind', ci),
    ...given('--run', operation.runKey),
  ];
  return kind === 'destroy'
    ? selection
    : [
        ...selection,
        ...given('--count', operation.count),
        ...given('--min', operation.min),
        ...given('--ttl', `${operation.ttlSeconds}s`),
        ...given('--timeout', `${operation.timeoutSeconds}s`),
        ...given('--size', operation.sizes.join(',')),
        ...given('--region', operation.regions.join(',')),
        ...given('--droplet-key', operation.hasOwnKey ? keyFile : undefined),
      ];
}

function given(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)];
}

function start(arguments_: string[], environment: Record<string, string | undefined>) {
  const child: ChildProcess = spawn(process.execPath, [executable(), ...arguments_], {
    env: {PATH: process.env.PATH, HOME: '/nonexistent', ...environment},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = {stdout: '', stderr: ''};
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }

  return {
    child,
    done: once(child, 'close').then(([code]) => ({...output, code: code as number | null})),
  };
}

/** This file also runs bundled, from another folder. */
function executable(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'bin/do-worker.js'))) {
    folder = path.dirname(folder);
  }

  return path.join(folder, 'bin/do-worker.js');
}
