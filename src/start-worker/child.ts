import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {PassThrough, type Readable} from 'node:stream';
import {ActionableError} from '../errors.js';
import type {ImplementationContext, RunningWorker} from './implementation.js';
import {disableOomKiller} from './oom.js';

export type Command = {
  /** What it is called on the log. */
  name: string;
  file: string;
  args: string[];
  environment: NodeJS.ProcessEnv;
};

/** What a process that the worker left behind may keep its stdout open after the worker's end. */
const leftOpenSeconds = 10;
/** Far above what the system keeps of a stdout that is not read. */
const lastBytes = 16 * 1024 * 1024;

/** Starts a worker whose stdin and stdout are the protocol, and whose stderr is ours. */
export async function startChild(
  command: Command,
  {log, secondMs}: Pick<ImplementationContext, 'log' | 'secondMs'>,
): Promise<RunningWorker> {
  const {name} = command;
  const child = await spawned(command);
  const {stdin: input, stdout} = child;
  // Node throws away what a process has left in a stdout that nobody reads when it exits.
  const output = stdout.pipe(new PassThrough());
  stdout
    .on('error', () => undefined)
    .once('close', () => {
      output.end();
    });
  const ended = Promise.withResolvers<string | undefined>();
  child.once('exit', (status, signal) => {
    takeTheLast(stdout, output, leftOpenSeconds * secondMs);
    ended.resolve(failureOf(status, signal));
  });
  // Such as a signal that could not be sent: the worker's exit tells what became of it.
  child.on('error', () => undefined);
  await disableOomKiller(child.pid!, name, log);

  return {
    transport: {input, output},
    async wait() {
      const failure = await ended.promise;
      if (failure !== undefined) {
        throw new ActionableError('WORKER_FAILED', failure, [
          `Read what ${name} wrote to the log before it ended`,
        ]);
      }
    },
    kill(signal) {
      child.kill(signal);
    },
  };
}

/** The worker's last lines are taken at once, whoever holds their reader back: only others may be cut off. */
function takeTheLast(stdout: Readable, output: PassThrough, limitMs: number): void {
  const left = setTimeout(() => {
    stdout.destroy();
  }, limitMs).unref();
  stdout
    .once('close', () => {
      clearTimeout(left);
    })
    .unpipe(output)
    .on('data', (chunk: Buffer) => {
      output.write(chunk);
      if (output.writableLength > lastBytes) {
        stdout.destroy();
      }
    })
    .resume();
}

async function spawned({name, file, args, environment}: Command) {
  try {
    const child = spawn(file, args, {env: environment, stdio: ['pipe', 'pipe', 'inherit']});
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw new ActionableError(
      'WORKER_NOT_STARTED',
      `could not start ${name}: ${(error as Error).message}`,
      ['Check worker.path in the runner configuration'],
    );
  }
}

function failureOf(status: number | null, signal: string | null): string | undefined {
  if (signal !== null) {
    return `killed by ${signal}`;
  }

  return status === 0 ? undefined : `exit status ${status}`;
}
