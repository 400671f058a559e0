import {badRequest, notFound} from '../api-error.js';
import {noContent, type App} from '../app.js';
import type {Image} from '../entities.js';
import {page} from '../pages.js';
import {presentSnapshot} from '../present.js';
import {demand, type World} from '../world.js';

/** Snapshots of droplets, which are images too; there are none of volumes. */
export function snapshotRoutes(app: App, world: World): void {
  const {images} = world.store;
  const isSnapshot = ({type, status}: Image) => type === 'snapshot' && status !== 'deleted';
  const find = (id: string) => {
    const image = images.get(Number(id));
    if (!image || image.status === 'deleted') {
      throw notFound();
    }

    if (!isSnapshot(image)) {
      throw badRequest('the resource is not a snapshot');
    }

    return image;
  };

  app.get('/v2/snapshots', (c) => {
    demand(world, 'snapshot:read');
    const isOther = c.req.query('resource_type') === 'volume';
    const found = isOther ? [] : [...images.values()].filter((image) => isSnapshot(image));
    return page(c, 'snapshots', found, (image) => presentSnapshot(world, image));
  });

  app.get('/v2/snapshots/:id', (c) => {
    demand(world, 'snapshot:read');
    return c.json({snapshot: presentSnapshot(world, find(c.req.param('id')))});
  });

  app.delete('/v2/snapshots/:id', (c) => {
    demand(world, 'image:delete', 'snapshot:delete');
    find(c.req.param('id')).status = 'deleted';
    return noContent(c);
  });
}
