import {pendingEvent} from './api-error.js';
import type {Action, Droplet} from './entities.js';
import {boot} from './power.js';
import {later, type World} from './world.js';

/** Makes an action that is in progress and keeps the droplet busy; what it does is left to the caller. */
export function startAction(world: World, droplet: Droplet, type: string): Action {
  const action: Action = {
    id: world.store.nextId.action(),
    type,
    status: 'in-progress',
    startedAt: world.now(),
    completedAt: undefined,
    resourceId: droplet.id,
    resourceType: 'droplet',
    region: droplet.region,
  };
  world.store.actions.set(action.id, action);
  droplet.event = action;
  return action;
}

/** Ends the action that keeps the droplet busy, if there is one. */
export function finishAction(
  world: World,
  droplet: Droplet,
  status: 'completed' | 'errored',
): void {
  if (!droplet.event) {
    return;
  }

  droplet.event.status = status;
  droplet.event.completedAt = world.now();
  droplet.event = undefined;
}

/** From `new` to `active`, or to nowhere. */
export function settle(world: World, droplet: Droplet): void {
  if (droplet.status !== 'new' || droplet.goneAt !== undefined) {
    return;
  }

  if (droplet.willFail) {
    if (droplet.event && world.settings.failedActionGone) {
      world.store.actions.delete(droplet.event.id);
    }

    remove(world, droplet);
    return;
  }

  finishAction(world, droplet, 'completed');
  droplet.status = 'active';
  droplet.features.add('private_networking');
  if (!droplet.isDestroying) {
    boot(world, droplet);
  }
}

/** Settles a droplet after `createMs`; where reads make it active, only one that will fail. */
export function settleInTime(world: World, droplet: Droplet): void {
  const {settings} = world;
  if (droplet.willFail || settings.activeAfterReads === 0) {
    later(world, settings.createMs, () => {
      settle(world, droplet);
    });
  }
}

/** Throws when the droplet is busy, so that nothing happens to it. */
export function destroy(world: World, droplet: Droplet): void {
  const {settings} = world;
  if (droplet.isDestroying || isBusy(world, droplet)) {
    throw pendingEvent();
  }

  if (settings.ignoreDeletes > 0) {
    settings.ignoreDeletes--;
    return;
  }

  droplet.isDestroying = true;
  droplet.power.abort(new Error(`${droplet.name} is destroyed`));
  if (settings.destroyMs > 0) {
    later(world, settings.destroyMs, () => {
      remove(world, droplet);
    });
  } else {
    remove(world, droplet);
  }
}

function isBusy({settings}: World, {status, event}: Droplet): boolean {
  return status === 'new' ? settings.pendingEventOnCreate : event !== undefined;
}

function remove(world: World, droplet: Droplet): void {
  if (droplet.goneAt !== undefined) {
    return;
  }

  droplet.goneAt = world.now();
  droplet.power.abort(new Error(`${droplet.name} is gone`));
  finishAction(world, droplet, 'errored');
  world.store.droplets.delete(droplet.id);
  for (const {dropletIds} of world.store.firewalls.values()) {
    dropletIds.delete(droplet.id);
  }
}
