import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {ActionableError, Interrupted} from '../errors.js';
import {createLog} from './log.js';
import {disableOomKiller} from './oom.js';
import {run} from './run.js';
import {shortUsage, usageText} from './usage.js';

/** The command line of start-worker; sets the exit status. */
export async function main(argv: string[]): Promise<void> {
  const [argument = ''] = argv;
  if (argv.length !== 1 || argument === '') {
    fail(shortUsage());
  } else {
    switch (argument) {
      case '--help':
      case '-h': {
        process.stdout.write(usageText());

        break;
      }

      case '--version': {
        process.stdout.write(`start-worker ${await readVersion()}\n`);

        break;
      }

      case '--short-version': {
        process.stdout.write(`${await readVersion()}\n`);

        break;
      }

      default: {
        if (argument.startsWith('-')) {
          fail(`start-worker has no option ${argument}\n${shortUsage()}`);
        } else {
          await start(argument);
        }
      }
    }
  }
}

async function start(configFile: string): Promise<void> {
  const stop = new AbortController();
  const log = createLog(process.stderr);
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const signal of signals) {
    process.on(signal, () => {
      stop.abort(new Interrupted(signal));
    });
  }

  await disableOomKiller(process.pid, 'the start-worker process', log);
  try {
    await run({configFile, environment: process.env, log, signal: stop.signal});
  } catch (error) {
    for (const line of describe(error)) {
      log.line(line);
    }

    process.exitCode = 1;
  } finally {
    for (const signal of signals) {
      process.removeAllListeners(signal);
    }
  }
}

/** What went wrong and what to do; of a bug, where it is. */
function describe(error: unknown): string[] {
  return error instanceof ActionableError
    ? [error.message, ...error.suggestions.map((suggestion) => `- ${suggestion}`)]
    : [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

function fail(text: string): void {
  process.stderr.write(text);
  process.exitCode = 1;
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const {version} = JSON.parse(text) as {version: string};
  return version;
}
