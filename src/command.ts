import {Command, ux} from '@oclif/core';
import {
  connectCiServer,
  defaultKind,
  kinds,
  noCiServer,
  readCiSettings,
  withoutCiServer,
  type CiServer,
  type Kind,
} from './ci-server.js';
import {
  connect,
  processEnvironment,
  readDigitalOcean,
  readSettings,
  type Context,
  type Settings,
} from './context.js';
import {errorJson, errorText} from './error-report.js';
import {ActionableError, Interrupted, UsageError} from './errors.js';
import {variableOf} from './flags.js';
import {createReporter, type Reporter} from './progress.js';
import type {Inputs} from './settings.js';

/** The edge of every command: signals in, errors and exit codes out. */
export abstract class WorkerCommand extends Command {
  static override enableJsonFlag = true;

  readonly #stop = new AbortController();
  #reporter: Reporter | undefined;

  protected get signal(): AbortSignal {
    return this.#stop.signal;
  }

  protected override async init(): Promise<void> {
    await super.init();
    // A reader that goes away must not end what is under way: a create would leave its droplets.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', () => undefined);
    }

    // Once: a second Ctrl-C ends the process as it would without us.
    for (const by of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(by, () => {
        this.#stop.abort(new Interrupted(by));
      });
    }
  }

  protected inputs(flags: Record<string, unknown>): Inputs {
    const environment = processEnvironment();
    // Set but empty, as an unset variable of a CI job comes, it would silently mean all runs.
    const problems = ['run', 'ci-id']
      .filter((flag) => flag in (this.ctor.flags ?? {}) && environment[variableOf(flag)] === '')
      .map((flag) => `${variableOf(flag)} is set but empty: give it a value or unset it`);
    return {flags, environment, problems: [...problems, ...this.#switchProblems(environment)]};
  }

  /** A dry run that was misspelled would not be one. */
  #switchProblems(environment: Inputs['environment']): string[] {
    return Object.entries(this.ctor.flags ?? {})
      .filter(([flag, {type}]) => type === 'boolean' && flag !== 'json')
      .map(([flag]) => variableOf(flag))
      .filter((name) => !/^(?:1|true|yes|[y0]|false|no|n)?$/iv.test(environment[name] ?? ''))
      .map((name) => `${name} is neither true nor false`);
  }

  /** For what can be done without a CI server, which is told then. */
  protected async connect(inputs: Inputs): Promise<Context> {
    const settings = await readSettings(kindIn(inputs), inputs);
    if (settings.ci === undefined) {
      const note = withoutCiServer(settings.kind, inputs);
      if (note === undefined) {
        inputs.problems.push(noCiServer(settings.kind));
      } else {
        (await this.reporter()).note(note);
      }
    }

    return this.connectTo(settings, inputs.problems);
  }

  /** For what cannot be done without a CI server. */
  protected async connectWithCi(inputs: Inputs): Promise<Context> {
    const settings = await readSettings(kindIn(inputs), inputs);
    if (settings.ci === undefined) {
      inputs.problems.push(noCiServer(settings.kind));
    }

    return this.connectTo(settings, inputs.problems);
  }

  protected async connectTo(settings: Settings, problems: string[]): Promise<Context> {
    return connect(settings, {progress: await this.reporter(), signal: this.signal, problems});
  }

  /** With all CI servers of these kinds that the inputs name. */
  protected async connectWithAll(
    wanted: readonly Kind[],
    inputs: Inputs,
  ): Promise<{context: Context; servers: CiServer[]}> {
    const digitalOcean = await readDigitalOcean(inputs);
    const settings = {kind: kindIn(inputs), digitalOcean, ci: undefined};
    return {
      context: await this.connectTo(settings, inputs.problems),
      servers: await connectCis(wanted, inputs),
    };
  }

  /** The CI server alone, for commands that need no DigitalOcean. */
  protected async connectCi(inputs: Inputs): Promise<CiServer | undefined> {
    const kind = kindIn(inputs);
    const [server] = await connectCis([kind], inputs);
    if (server === undefined) {
      inputs.problems.push(noCiServer(kind));
    }

    return server;
  }

  protected async reporter(): Promise<Reporter> {
    this.#reporter ??= await createReporter(process.stderr);
    return this.#reporter;
  }

  protected override async catch(error: Error & {oclif?: {exit?: number}}): Promise<void> {
    this.#reporter?.end(false);
    const shown =
      this.signal.aborted && !(error instanceof ActionableError)
        ? (this.signal.reason as Error)
        : error;
    const usage = usageError(error, `${this.config.bin} ${this.id?.replaceAll(':', ' ')} --help`);
    const told = usage ?? shown;
    if (!(told instanceof ActionableError)) {
      await super.catch(told);
      return;
    }

    process.exitCode = told.oclif.exit;
    if (this.jsonEnabled()) {
      this.logJson(this.toErrorJson(told));
      return;
    }

    ux.stderr(errorText(told));
    throw Object.assign(told, {skipOclifErrorHandling: true});
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#reporter?.end(error === undefined);
    await super.finally(error);
  }

  protected override toErrorJson(error: unknown): unknown {
    return errorJson(error);
  }
}

async function connectCis(wanted: readonly Kind[], inputs: Inputs): Promise<CiServer[]> {
  const servers: CiServer[] = [];
  for (const kind of wanted) {
    const settings = await readCiSettings(kind, inputs);
    if (settings !== undefined) {
      servers.push(await connectCiServer(settings, inputs.problems));
    }
  }

  return servers;
}

/** Oclif has seen to it that the flag names a kind. */
function kindIn({flags}: Inputs): Kind {
  return kinds.find((kind) => kind === flags.kind) ?? defaultKind;
}

/** Oclif's word on flags and arguments, without the whole help that would push it off the screen. */
function usageError(error: unknown, help: string): UsageError | undefined {
  const {parse, message = ''} = error as {parse?: unknown; message?: string};
  if (parse === undefined && !/^(?:Parsing|Flag) --/v.test(message)) {
    return undefined;
  }

  const [problem = ''] = message.split(/\n*See more help|\n*Note:|\nUSAGE/v);
  return new UsageError([problem.replaceAll(/\s+/gv, ' ').trim()], [help]);
}
