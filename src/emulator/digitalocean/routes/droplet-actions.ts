import {ApiError, notFound, pendingEvent, unprocessable} from '../api-error.js';
import {fields, type App} from '../app.js';
import {makeImage} from '../catalogue.js';
import type {Action, Droplet} from '../entities.js';
import {finishAction, startAction} from '../lifecycle.js';
import type {Fields} from '../plan.js';
import {powerOff, powerOn} from '../power.js';
import {presentAction} from '../present.js';
import {existingDroplet, listedDroplets} from '../visible.js';
import {demand, later, timestamp, type World} from '../world.js';

type Effect = (world: World, droplet: Droplet, request: Fields) => void;

const restart: Effect = (world, droplet) => {
  powerOff(droplet);
  powerOn(world, droplet);
};

const nothing: Effect = () => undefined;

const effects: Record<string, Effect> = {
  power_on(world, droplet) {
    powerOn(world, droplet);
  },
  power_off(_, droplet) {
    powerOff(droplet);
  },
  shutdown(_, droplet) {
    powerOff(droplet);
  },
  power_cycle: restart,
  reboot: restart,
  snapshot: takeSnapshot,
  rename(_, droplet, {name}) {
    droplet.name = String(name);
  },
  resize({store}, droplet, {size}) {
    droplet.size = store.sizes.find(({slug}) => slug === size) ?? droplet.size;
  },
  enable_ipv6(_, droplet) {
    droplet.hasIpv6 = true;
    droplet.features.add('ipv6');
  },
  enable_backups(_, droplet) {
    droplet.hasBackups = true;
    droplet.features.add('backups');
  },
  disable_backups(_, droplet) {
    droplet.hasBackups = false;
    droplet.features.delete('backups');
  },
  rebuild: restart,
  restore: nothing,
  change_backup_policy: nothing,
  password_reset: nothing,
  change_kernel: nothing,
};

const forTags = new Set([
  'power_cycle',
  'power_on',
  'power_off',
  'shutdown',
  'enable_ipv6',
  'enable_backups',
  'disable_backups',
  'snapshot',
]);

/** Actions on one droplet or on all of a tag; each has its effect after `actionMs`. */
export function dropletActionRoutes(app: App, world: World): void {
  app.post('/v2/droplets/:id{[0-9]+}/actions', (c) => {
    const request = fields(c);
    demand(world, ...actionScopes(request));
    const action = act(world, existingDroplet(world, c.req.param('id')), request);
    return c.json({action: presentAction(world, action)}, 201);
  });

  app.post('/v2/droplets/actions', (c) => {
    const request = fields(c);
    const tag = c.req.query('tag_name');
    demand(world, ...actionScopes(request), 'tag:read');
    if (tag === undefined || tag === '') {
      throw unprocessable('tag_name is required.');
    }

    if (!forTags.has(String(request.type))) {
      throw unknownType();
    }

    const droplets = listedDroplets(world, {tag});
    if (droplets.some((droplet) => droplet.event)) {
      throw unprocessable(
        'there are currently blocking events processing for one or more of the droplets',
      );
    }

    const actions = droplets.map((droplet) => act(world, droplet, request));
    return c.json({actions: actions.map((action) => presentAction(world, action))}, 201);
  });
}

function actionScopes({type}: Fields): string[] {
  return type === 'snapshot' ? ['droplet:update', 'image:create'] : ['droplet:update'];
}

function act(world: World, droplet: Droplet, request: Fields): Action {
  const type = String(request.type);
  const effect = effects[type];
  if (!effect) {
    throw unknownType();
  }

  if (droplet.isDestroying || droplet.event !== undefined) {
    throw pendingEvent();
  }

  checkRequest(world, type, request);

  const action = startAction(world, droplet, type);
  later(world, world.settings.actionMs, () => {
    if (droplet.goneAt !== undefined) {
      return;
    }

    finishAction(world, droplet, 'completed');
    effect(world, droplet, request);
  });
  return action;
}

function checkRequest({store}: World, type: string, {name, size}: Fields): void {
  if (type === 'rename' && typeof name !== 'string') {
    throw unprocessable("Name can't be blank");
  }

  if (type === 'resize' && store.sizes.every(({slug}) => slug !== size)) {
    throw notFound();
  }
}

function takeSnapshot({store, now}: World, droplet: Droplet, {name}: Fields): void {
  const image = makeImage({
    id: store.nextId.image(),
    name: typeof name === 'string' ? name : `${droplet.name}-${now()}`,
    distribution: droplet.image.distribution,
    regions: [droplet.region.slug],
    created_at: timestamp(now()),
    min_disk_size: droplet.size.disk,
  });
  store.images.set(image.id, image);
  store.snapshotSources.set(image.id, droplet.id);
}

const unknownType = () => new ApiError(404, 'The specified action type is not available.');
