import type {ServerChannel} from 'ssh2';
import type {Forwards} from './forwards.js';
import {keepAlive} from './heartbeats.js';
import {firstJsonObject} from './stdin-json.js';
import {
  actForTeam,
  askAtc,
  deleteWorker,
  landWorker,
  type Reply,
  retireWorker,
} from './worker-actions.js';
import type {World} from './world.js';

export type Command = (run: CommandRun) => Promise<number>;

export type CommandRun = {
  readonly channel: ServerChannel;
  /** Aborted by any signal and by the end of the connection. */
  readonly cancelled: AbortSignal;
  readonly forwards: Forwards;
  readonly world: World;
  /** The team of the key that logged in; undefined may act for every team. */
  readonly team: string | undefined;
};

type Target = {readonly name: string; readonly team: string};
type Act = (run: CommandRun, target: Target) => number;

const forwardTimeoutMs = 10_000;

const landing: Change = {method: 'PUT', suffix: '/land', act: landWorker};
const retiring: Change = {method: 'PUT', suffix: '/retire', act: retireWorker};
const deleting: Change = {method: 'DELETE', suffix: '', act: deleteWorker};

const acts: Record<string, Act> = {
  'land-worker': ({world}, target) => exitOf(change(world, target, landing), [200]),
  'retire-worker': ({world}, target) => exitOf(change(world, target, retiring), [200, 404]),
  'delete-worker': ({world}, target) => exitOf(change(world, target, deleting), [200]),
  'sweep-containers': sweep('/api/v1/containers/destroying'),
  'sweep-volumes': sweep('/api/v1/volumes/destroying'),
  'report-containers': report('/api/v1/containers/report'),
  'report-volumes': report('/api/v1/volumes/report'),
};

/** The command of an exec request, split on single spaces without quoting; a string says what is wrong with it. */
export function parseCommand(line: string): Command | string {
  const [name = '', ...args] = line.split(' ');
  if (name === 'forward-worker') {
    const flags = parseFlags(args, ['garden', 'baggageclaim']);
    return typeof flags === 'string' ? flags : forwardWorker(flags);
  }

  const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
  return act ? onceTeamIsChecked(act) : `unknown command: ${name}`;
}

function onceTeamIsChecked(act: Act): Command {
  return async (run) => {
    const worker = await firstJsonObject(run.channel);
    const target = worker && targetOf(worker);
    return target && canTouch(run, target) ? act(run, target) : 1;
  };
}

function forwardWorker(flags: Record<string, string>): Command {
  return async (run) => {
    const worker = await firstJsonObject(run.channel);
    const target = worker && targetOf(worker);
    if (!worker || !target || !canTouch(run, target)) {
      return 1;
    }

    const arrived = [
      await run.forwards.next(forwardTimeoutMs, run.cancelled),
      await run.forwards.next(forwardTimeoutMs, run.cancelled),
    ];
    const find = (address: string | undefined) =>
      arrived.find((forward) => forward && `${forward.host}:${forward.port}` === address);
    const garden = find(flags.garden);
    const baggageclaim = find(flags.baggageclaim);
    return !garden || !baggageclaim ? 1 : keepAlive(run, worker, {garden, baggageclaim});
  };
}

function parseFlags(args: readonly string[], known: readonly string[]) {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const {name = '', value} =
      /^--?(?<name>[^=]+)(?:=(?<value>.*))?$/v.exec(args[index] ?? '')?.groups ?? {};
    if (name === '') {
      break;
    }

    if (!known.includes(name)) {
      return `flag provided but not defined: -${name}`;
    }

    flags[name] = value ?? args[++index] ?? '';
  }

  return flags;
}

function targetOf({name = '', team = ''}: Record<string, unknown>): Target | undefined {
  return typeof name === 'string' && typeof team === 'string' ? {name, team} : undefined;
}

/** The reason stays in the web node's log: the client sees exit 1 and nothing else. */
function canTouch({team}: CommandRun, target: Target): boolean {
  return team === undefined || target.team === team;
}

type Change = {
  readonly method: string;
  readonly suffix: string;
  readonly act: (world: World, name: string) => Reply;
};

function change(world: World, {name, team}: Target, {method, suffix, act}: Change): Reply {
  return askAtc(world, method, `/api/v1/workers/${name}${suffix}`, () =>
    actForTeam(world, name, team, act),
  );
}

function exitOf({status}: Reply, good: readonly number[]): number {
  return good.includes(status) ? 0 : 1;
}

function sweep(path: string): Act {
  return ({world, channel}, {name}) => {
    if (name === '') {
      return 1;
    }

    const {status} = askAtc(world, 'GET', path, () => ({status: 200}));
    if (status !== 200) {
      return 1;
    }

    // Nothing is ever left to destroy here; both spellings of that occur.
    channel.write(world.rows.has(name) ? '[]' : 'null');
    return 0;
  };
}

function report(path: string): Act {
  return ({world}, {name}) =>
    name === ''
      ? 1
      : exitOf(
          askAtc(world, 'PUT', path, () => ({status: 200})),
          [200],
        );
}
