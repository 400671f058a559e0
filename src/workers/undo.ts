import {setTimeout as delay} from 'node:timers/promises';
import type {CiServer} from '../ci-server.js';
import type {Context} from '../context.js';
import type {Droplet} from '../digitalocean/types.js';
import {deleteDroplets, type Leftover} from './delete.js';
import {identify, nameTag} from './identity.js';
import type {Ledger} from './make-droplets.js';
import type {Owned} from './worker.js';

const undoSeconds = 240;
const lagSeconds = 60;
const lagPollSeconds = 5;

/**
 * Destroys what a create has made, also what it may have made without knowing.
 * Has a time limit of its own, because the signal that ended the create is spent. Gives what is left.
 */
export async function undoCreate(
  {prepared, created, uncertain}: Ledger,
  workerName: string,
  ci: CiServer,
  {digitalOcean, progress, time}: Pick<Context, 'digitalOcean' | 'progress' | 'time'>,
): Promise<Leftover[]> {
  const signal = AbortSignal.timeout(undoSeconds * time.secondMs);
  const deleting = {digitalOcean, signal, time};
  const leftovers = await deleteDroplets(created.map(asOwned), deleting);

  for (let waited = 0; uncertain.size > 0 && waited <= lagSeconds; waited += lagPollSeconds) {
    try {
      const listed = await digitalOcean.dropletsTagged(nameTag(workerName), signal);
      const found = listed.filter(({name}) => uncertain.has(name));
      leftovers.push(...(await deleteDroplets(found.map(asOwned), deleting)));
      for (const {name} of found) {
        uncertain.delete(name);
      }

      if (uncertain.size > 0) {
        await delay(lagPollSeconds * time.secondMs, undefined, {signal});
      }
    } catch {
      // The list may come back; if it does not, the droplets' ttl and the next cleanup end them.
    }
  }

  try {
    await ci.remove(prepared, signal);
  } catch (error) {
    progress.note(
      `The CI server may list the workers for some minutes more: ${(error as Error).message}`,
    );
  }

  return leftovers;
}

/** The droplets that this very call asked for: ours whatever tags they show. */
function asOwned(droplet: Droplet): Owned {
  const identity = identify(droplet) ?? {
    kind: '',
    ciId: '',
    workerName: '',
    runKey: '',
    ttlSeconds: undefined,
  };
  return {droplet, identity};
}
