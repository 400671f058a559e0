import {once} from 'node:events';
import {readFile, rm} from 'node:fs/promises';
import {Flags, type Interfaces} from '@oclif/core';
import {load} from 'js-yaml';
import {WorkerCommand} from '../command.js';
import {emulatorSwitches, type NamedSwitch} from '../emulator/options.js';
import {writeEmulatorKeys} from '../emulator-keys.js';
import type {Seed} from '../emulator/seed.js';
import {UsageError} from '../errors.js';
import {variableOf} from '../flags.js';

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/gv, (letter) => `-${letter.toLowerCase()}`);
}

/** One flag for each switch of the emulator, from its own table. */
const switchFlags: Interfaces.FlagInput = Object.fromEntries(
  emulatorSwitches.map((each) => [kebab(each.name), flagOf(each)]),
);

function flagOf({name, kind, default: value, summary, part}: NamedSwitch) {
  const common = {summary, env: variableOf(kebab(name)), helpGroup: part.toUpperCase()};
  if (kind === 'boolean') {
    return Flags.boolean(common);
  }

  return kind === 'integer'
    ? Flags.integer({...common, summary: `${summary} (default ${value})`})
    : Flags.string({...common, helpValue: kind === 'list' ? '<a,b>' : '<text>'});
}

export default class Emulator extends WorkerCommand {
  static override summary =
    'Run DigitalOcean, Concourse and Taskcluster on loopback ports, to try things without an account';
  static override description =
    'Prints the environment to export in another shell and stays in the foreground. Every trap of the real services is a flag.';

  static override usage = '<%= command.id %> [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --boot-ms 20000 --seed account.yaml',
  ];

  static override flags = {
    seed: Flags.string({
      summary: 'YAML or JSON file with droplets, keys, tags and switches to begin with',
      env: variableOf('seed'),
      helpValue: '<file>',
    }),
    ...switchFlags,
  };

  async run(): Promise<{environment: Record<string, string>}> {
    const {flags} = await this.parse(Emulator);
    const {startEmulator} = await import('../emulator/server.js');
    const values = flags as Record<string, unknown>;
    const seed = typeof values.seed === 'string' ? await readSeed(values.seed) : undefined;
    const switches: Record<string, unknown> = {};
    for (const {name, kind} of emulatorSwitches) {
      const value = values[kebab(name)];
      if (value !== undefined && value !== false) {
        switches[name] = typeof value === 'string' && kind === 'list' ? value.split(',') : value;
      }
    }

    await using emulator = await startEmulator({...switches, ...(seed && {seed})});
    const keys = await writeEmulatorKeys(emulator.concourse);
    try {
      const environment = {...emulator.environment, ...keys.environment};
      const lines = Object.entries(environment).map(
        ([name, value]) => `export ${name}=${quoted(value)}`,
      );
      this.log(lines.join('\n'));
      if (this.jsonEnabled()) {
        this.logJson({environment});
      }

      (await this.reporter()).note(
        'The emulator runs until Ctrl-C. Paste the lines above into another shell, then: do-worker create build-arm',
      );
      await untilAborted(this.signal);
      return {environment};
    } finally {
      await rm(keys.folder, {recursive: true, force: true});
    }
  }

  /** What matters was printed at the start; at the end there is nothing to add. */
  protected override toSuccessJson(): undefined {
    return undefined;
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  // It may have come while the emulator started: then there is no event any more.
  if (signal.aborted) {
    return;
  }

  const keepAlive = setInterval(() => undefined, 60_000);
  await once(signal, 'abort');
  clearInterval(keepAlive);
}

async function readSeed(file: string): Promise<Seed> {
  let value: unknown;
  try {
    value = load(await readFile(file, 'utf8'));
  } catch (error) {
    const {code = 'not valid YAML'} = error as NodeJS.ErrnoException;
    throw new UsageError([`--seed: cannot read ${file} (${code})`]);
  }

  const {InvalidSeed} = await import('../emulator/fields.js');
  const {parseSeed} = await import('../emulator/seed.js');
  try {
    return parseSeed(value);
  } catch (error) {
    throw error instanceof InvalidSeed ? new UsageError(error.problems) : error;
  }
}

function quoted(value: string): string {
  return /^[\w.\-\/:]+$/v.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
