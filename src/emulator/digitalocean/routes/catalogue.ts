import type {App} from '../app.js';
import {page} from '../pages.js';
import {presentRegion} from '../present.js';
import {demand, type World} from '../world.js';

/** Regions and sizes, closed and unavailable ones too. */
export function catalogueRoutes(app: App, world: World): void {
  const {regions, sizes} = world.store;

  app.get('/v2/regions', (c) => {
    demand(world, 'regions:read');
    return page(c, 'regions', regions, (region) => presentRegion(world, region));
  });

  app.get('/v2/sizes', (c) => {
    demand(world, 'sizes:read', 'regions:read');
    return page(c, 'sizes', sizes, (size) => size);
  });
}
