import type {Machine} from '../machine.js';
import {publicAddress} from './addresses.js';
import type {Droplet} from './entities.js';
import type {World} from './world.js';

/** Ends what runs on the machine, whatever its status; only an active one becomes `off`. */
export function powerOff(droplet: Droplet): void {
  if (droplet.status === 'active') {
    droplet.status = 'off';
  }

  droplet.power.abort(new Error(`${droplet.name} is switched off`));
}

/** Boots a droplet that is `off` from its user-data again; any other stays as it is. */
export function powerOn(world: World, droplet: Droplet): void {
  if (droplet.status !== 'off') {
    return;
  }

  droplet.status = 'active';
  droplet.power = new AbortController();
  boot(world, droplet);
}

/** Lets the machine run; what goes wrong on it stays on it. */
export function boot(world: World, droplet: Droplet): void {
  const {signal} = droplet.power;
  const machine: Machine = {
    id: droplet.id,
    name: droplet.name,
    region: droplet.region.slug,
    publicAddress: droplet.isPublic ? publicAddress(droplet.host) : '',
    userData: droplet.userData,
    off: signal,
    powerOff() {
      if (!signal.aborted) {
        powerOff(droplet);
      }
    },
  };

  void run(world, machine, droplet);
}

async function run(world: World, machine: Machine, {console: lines}: Droplet): Promise<void> {
  try {
    await world.boot(machine);
  } catch (error) {
    if (!machine.off.aborted) {
      lines.push(...reasons(error));
    }
  }
}

function reasons(error: unknown): string[] {
  return error instanceof Error
    ? [error.message, ...(error.cause === undefined ? [] : reasons(error.cause))]
    : [String(error)];
}
