import type {Edge} from '../../src/resource/step.js';
import {connectCiServer} from '../../src/ci-server.js';
import {DigitalOcean} from '../../src/digitalocean/client.js';
import type {Emulator} from '../../src/emulator/server.js';
import {connect} from '../support/connect.js';
import {buildEnvironment} from '../support/resource.js';

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
