import {readFile, rm} from 'node:fs/promises';
import {Flags} from '@oclif/core';
import {load} from 'js-yaml';
import {WorkerCommand} from '../command.js';
import {emulatorSwitches} from '../emulator/options.js';
import {writeEmulatorKeys} from '../emulator-keys.js';
import {UsageError} from '../errors.js';
import {variableOf} from '../flags.js';

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/gv, (letter) => `-${letter.toLowerCase()}`);
}

/** One flag for each switch of the emulator, from its own table. */
const switchFlags = Object.fromEntries(
  emulatorSwitches.map(({name, kind, default: value, summary, part}) => {
    const flag = kebab(name);
    const common = {summary, env: variableOf(flag), helpGroup: part.toUpperCase()};
    switch (kind) {
      case 'boolean': {
        return [flag, Flags.boolean(common)];
      }

      case 'integer': {
        return [flag, Flags.integer({...common, summary: `${summary} (default ${value})`})];
      }

      default: {
        return [flag, Flags.string({...common, helpValue: kind === 'list' ? '<a,b>' : '<text>'})];
      }
    }
  }),
);

export default class Emulator extends WorkerCommand {
  static override summary =
    'Run DigitalOcean and Concourse on loopback ports, to try things without an account';
  static override description =
    'Prints the environment to export in another shell and stays in the foreground. Every trap of the real services is a flag.';

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
    const {parseSeed} = await import('../emulator/seed.js');
    const seed = flags.seed === undefined ? undefined : parseSeed(await readSeed(flags.seed));
    const given = emulatorSwitches
      .map(({name, kind}) => [name, kind, (flags as Record<string, unknown>)[kebab(name)]] as const)
      .filter(([, , value]) => value !== undefined && value !== false)
      .map(([name, kind, value]) => [name, kind === 'list' ? String(value).split(',') : value]);
    await using emulator = await startEmulator({...Object.fromEntries(given), ...(seed && {seed})});
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
      await new Promise<void>((resolve) => {
        const keepAlive = setInterval(() => undefined, 60_000);
        this.signal.addEventListener('abort', () => {
          clearInterval(keepAlive);
          resolve();
        });
      });
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

async function readSeed(file: string): Promise<unknown> {
  try {
    return load(await readFile(file, 'utf8'));
  } catch (error) {
    const {code = 'not valid YAML'} = error as NodeJS.ErrnoException;
    throw new UsageError([`--seed: cannot read ${file} (${code})`]);
  }
}

function quoted(value: string): string {
  return /^[\w.\-\/:]+$/v.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
