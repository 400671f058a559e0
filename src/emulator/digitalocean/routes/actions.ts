import {notFound} from '../api-error.js';
import type {App} from '../app.js';
import {page} from '../pages.js';
import {presentAction} from '../present.js';
import {demand, type World} from '../world.js';

/** All actions, newest first, and one by its id. */
export function actionRoutes(app: App, world: World): void {
  app.get('/v2/actions', (c) => {
    demand(world, 'actions:read');
    const actions = [...world.store.actions.values()].toReversed();
    return page(c, 'actions', actions, (action) => presentAction(world, action));
  });

  app.get('/v2/actions/:id', (c) => {
    demand(world, 'actions:read');
    const action = world.store.actions.get(Number(c.req.param('id')));
    if (!action) {
      throw notFound();
    }

    return c.json({action: presentAction(world, action)});
  });
}
