import type {Emulator} from '../../src/emulator/server.js';
import {buildEnvironment, filesIn, newDirectory, sourceFor} from './resource.js';
import {startScript, type Ran, type Running} from './run.js';

/** Droplets that start at once, and are too old for lists to lag behind: the scripts run in real time. */
export const instant = {createMs: 10, bootMs: 10, dateSkewSeconds: 60};

export type Answer = {
  version: Record<string, string>;
  metadata: Array<{name: string; value: string}>;
};

/** One build's way to the scripts. */
export function build(
  emulator: Emulator,
  changes: Record<string, string> = {},
  source: object = {},
) {
  const environment = buildEnvironment(emulator, changes);
  const request = {source: sourceFor(emulator, source)};
  const start = (parameters?: object): Running =>
    startScript(
      'out',
      {...request, ...(parameters && {params: parameters})},
      {args: ['/tmp'], environment},
    );
  const startGet = (directory: string, version: object, parameters?: object): Running =>
    startScript(
      'in',
      {...request, version, ...(parameters && {params: parameters})},
      {args: [directory], environment},
    );
  return {
    start,
    startGet,
    put: async (parameters?: object) => start(parameters).done,
    async get(version: object, parameters?: object) {
      const directory = await newDirectory();
      const {done} = startGet(directory, version, parameters);
      return {...(await done), files: await filesIn(directory)};
    },
  };
}

/** What a script said, when it ended well. */
export function answerOf({stdout, stderr, code}: Ran): Answer {
  if (code !== 0) {
    throw new Error(stderr);
  }

  return JSON.parse(stdout) as Answer;
}

export const dropletNames = (emulator: Emulator) =>
  emulator.digitalOcean.droplets().map(({name}) => name);
