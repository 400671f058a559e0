import {runOut} from '../../src/resource/out.js';
import type {Edge} from '../../src/resource/step.js';
import {connectCiServer} from '../../src/ci-server.js';
import {DigitalOcean} from '../../src/digitalocean/client.js';
import type {Emulator} from '../../src/emulator/server.js';
import {connect} from '../support/connect.js';
import {buildEnvironment, sourceFor} from '../support/resource.js';

/** The edge of a script in this process, with the clients that its `source` asks for, in the emulator's time. */
export async function edgeOn(
  emulator: Emulator,
  changes: Record<string, string> = {},
): Promise<{edge: Edge; progress: string[]}> {
  const {context, progress} = await connect(emulator);
  const {secondMs} = context.time;
  return {
    progress,
    edge: {
      environment: buildEnvironment(emulator, changes),
      async connect({digitalOcean, ci}, problems) {
        return {
          ...context,
          digitalOcean: new DigitalOcean({...digitalOcean, secondMs}),
          ci:
            ci && (await connectCiServer({...ci, settings: {...ci.settings, secondMs}}, problems)),
        };
      },
    },
  };
}

/** A `put` of build 42 with these params. */
export async function put(
  emulator: Emulator,
  parameters: object,
  {source = {}, environment = {}}: {source?: object; environment?: Record<string, string>} = {},
) {
  const {edge, progress} = await edgeOn(emulator, environment);
  const answer = await runOut(
    JSON.stringify({source: sourceFor(emulator, source), params: parameters}),
    edge,
  );
  return {...answer, progress};
}

/** The names of the droplets that are there. */
export function names(emulator: Emulator): string[] {
  return emulator.digitalOcean.droplets().map(({name}) => name);
}
