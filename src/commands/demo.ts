import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {rm} from 'node:fs/promises';
import process from 'node:process';
import type {Kind} from '../ci-server.js';
import {WorkerCommand} from '../command.js';
import {writeEmulatorKeys} from '../emulator-keys.js';
import type {Emulator} from '../emulator/server.js';
import {ActionableError} from '../errors.js';
import {kindFlag} from '../flags.js';

type Proof = {
  droplets: number;
  workers: number;
  strayTags: string[];
  tags: string[];
  seconds: number;
};

/** Long enough to see the phases, short enough to stay. */
const emulatedTimes = {createMs: 3000, bootMs: 2500};

export default class Demo extends WorkerCommand {
  static override summary =
    'See workers come and go on the emulator: no account, no download, ten seconds';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --kind taskcluster',
  ];

  static override flags = {kind: kindFlag};

  async run(): Promise<Proof> {
    const {flags} = await this.parse(Demo);
    const kind = flags.kind as Kind;
    const show = shows[kind];
    const {startEmulator} = await import('../emulator/server.js');
    const startedAt = performance.now();
    await using emulator = await startEmulator(emulatedTimes);
    const keys = await writeEmulatorKeys(emulator.concourse);
    const environment = {...emulator.environment, ...keys.environment};
    try {
      this.#say(
        `An emulated DigitalOcean and an emulated ${show.services} run on loopback ports.`,
        `Everything else is real: the commands, ${show.real}, and the cloud-init document that a droplet boots with.`,
      );
      const of = ` --kind ${kind}`;
      await this.#type(`create build-arm --count 2 --ttl 1h${of}`, environment);
      await this.#type('list', environment);
      await this.#type(`destroy build-arm${of}`, environment);
      await this.#type(`cleanup${of}`, environment);
      await this.#type('list', environment);

      this.#say('What the services saw:', ...timelineOf(emulator), ...show.seen(emulator));
      const tags = emulator.digitalOcean.tags().map(({name}) => name);
      const proof = {
        droplets: emulator.digitalOcean.droplets().length,
        workers: show.workers(emulator),
        // The marker, the kind and the CI id are for every worker there will be.
        strayTags: tags.filter((tag) => !/^do-worker(?:$|:kind:|:ci:)/v.test(tag)),
        tags,
        seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      };
      this.#say(
        `Left over: ${proof.droplets} droplets, ${proof.workers} workers, ${proof.strayTags.length} stray tags (after ${proof.seconds} s).`,
        `Tags that stay for every later worker: ${tags.join(', ')}.`,
      );
      if (proof.droplets + proof.workers + proof.strayTags.length > 0) {
        throw new ActionableError('DEMO_LEFTOVERS', 'Something is left over: see above');
      }

      return proof;
    } finally {
      await rm(keys.folder, {recursive: true, force: true});
    }
  }

  /** Runs the real command line as a process, as a person would. */
  async #type(command: string, environment: Record<string, string>): Promise<void> {
    this.#say(`$ ${this.config.bin} ${command}`);
    const [node, script] = [process.execPath, process.argv[1]!];
    const child = spawn(node, [script, ...command.split(' ')], {
      env: {...this.inputs({}).environment, ...environment},
      stdio: ['ignore', this.jsonEnabled() ? 2 : 'inherit', 'inherit'],
      signal: this.signal,
      killSignal: 'SIGTERM',
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) {
      throw new ActionableError(
        'DEMO_FAILED',
        `${this.config.bin} ${command} ended with exit code ${code}`,
      );
    }
  }

  #say(...lines: string[]): void {
    this.log(`\n${lines.join('\n')}`);
  }
}

type Show = {
  services: string;
  /** What is not emulated, besides the commands. */
  real: string;
  /** What its CI server saw, a line each. */
  seen(emulator: Emulator): string[];
  /** How many workers it still has. */
  workers(emulator: Emulator): number;
};

const shows: Record<Kind, Show> = {
  concourse: {
    services: 'Concourse, with its SSH gateway,',
    real: 'HTTP, SSH',
    seen: ({concourse}) =>
      concourse.tsaRequests.map(
        ({command, exit}) =>
          `  Concourse TSA  ${command?.split(' ')[0] ?? 'no command'}${exit === undefined ? '' : ` → exit ${exit}`}`,
      ),
    workers: ({concourse}) => concourse.workers().length,
  },
  taskcluster: {
    services: 'Taskcluster (worker-manager and secrets)',
    real: 'HTTP, the start-worker that each droplet runs',
    seen: ({taskcluster}) =>
      taskcluster.requests
        .filter(({method, path}) => method !== 'GET' && !path.includes('claim-work'))
        .map(
          ({method, path, status}) =>
            `  Taskcluster  ${method} ${path.replace('/api/worker-manager/v1', '')} → ${status}`,
        ),
    workers: ({taskcluster}) =>
      taskcluster.workers().filter(({state}) => state === 'running').length,
  },
};

type Seen = {at: number; text: string};

function timelineOf({digitalOcean, clock}: Emulator): string[] {
  const reads = digitalOcean.requests.filter(({method}) => method === 'GET').length;
  const first = digitalOcean.requests[0]?.time ?? clock.now();
  const writes: Seen[] = digitalOcean.requests
    .filter(({method}) => method !== 'GET')
    .map(({time, method, path, status}) => ({
      at: time,
      text: `DigitalOcean  ${method} ${path} → ${status}`,
    }));
  return [
    ...writes.map(({at, text}) => `  ${((at - first) / 1000).toFixed(1).padStart(5)}s  ${text}`),
    `         and ${reads} reads`,
  ];
}
