import {notFound} from '../api-error.js';
import type {App} from '../app.js';
import type {Droplet} from '../entities.js';
import {page} from '../pages.js';
import {presentAction, presentSnapshot} from '../present.js';
import {readableDroplet} from '../visible.js';
import {demand, type World} from '../world.js';
import {presentFirewall} from './firewalls.js';

/** What hangs on one droplet. */
export function dropletDetailRoutes(app: App, world: World): void {
  const {actions, firewalls, images, snapshotSources} = world.store;
  const find = (id: string) => readableDroplet(world, id);
  const actionsOf = (droplet: Droplet) =>
    [...actions.values()].filter(({resourceId}) => resourceId === droplet.id).toReversed();
  const snapshotsOf = (droplet: Droplet) =>
    [...images.values()].filter(
      ({id, status}) => snapshotSources.get(id) === droplet.id && status !== 'deleted',
    );

  app.get('/v2/droplets/:id/actions', (c) => {
    demand(world, 'droplet:read');
    const found = actionsOf(find(c.req.param('id')));
    return page(c, 'actions', found, (action) => presentAction(world, action));
  });

  app.get('/v2/droplets/:id/actions/:action', (c) => {
    demand(world, 'droplet:read');
    const wanted = Number(c.req.param('action'));
    const action = actionsOf(find(c.req.param('id'))).find(({id}) => id === wanted);
    if (!action) {
      throw notFound();
    }

    return c.json({action: presentAction(world, action)});
  });

  app.get('/v2/droplets/:id/snapshots', (c) => {
    demand(world, 'droplet:read');
    return page(c, 'snapshots', snapshotsOf(find(c.req.param('id'))), (image) => {
      const {resource_id: _, resource_type: __, ...snapshot} = presentSnapshot(world, image);
      return {...snapshot, id: image.id, type: 'snapshot'};
    });
  });

  for (const root of ['backups', 'kernels']) {
    app.get(`/v2/droplets/:id/${root}`, (c) => {
      demand(world, 'droplet:read');
      find(c.req.param('id'));
      return page(c, root, [], (item) => item);
    });
  }

  app.get('/v2/droplets/:id/neighbors', (c) => {
    demand(world, 'droplet:read');
    find(c.req.param('id'));
    return c.json({droplets: []});
  });

  app.get('/v2/droplets/:id/firewalls', (c) => {
    demand(world, 'firewall:read');
    const droplet = find(c.req.param('id'));
    const found = [...firewalls.values()].filter(
      ({dropletIds, tags}) =>
        dropletIds.has(droplet.id) || [...droplet.tags.keys()].some((tag) => tags.has(tag)),
    );
    return page(c, 'firewalls', found, (firewall) => presentFirewall(world, firewall));
  });

  app.get('/v2/droplets/:id/destroy_with_associated_resources', (c) => {
    demand(world, 'droplet:read');
    const snapshots = snapshotsOf(find(c.req.param('id'))).map(({id, name, size_gigabytes}) => ({
      id: String(id),
      name,
      cost: (size_gigabytes * 0.06).toFixed(2),
    }));
    return c.json({
      reserved_ips: [],
      floating_ips: [],
      snapshots,
      volumes: [],
      volume_snapshots: [],
    });
  });
}
