import {notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App} from '../app.js';
import type {Image} from '../entities.js';
import {page} from '../pages.js';
import {presentImage} from '../present.js';
import {demand, type World} from '../world.js';

const one = '/v2/images/:image';

/** Images: public ones can only be read, and deleting one a second time is a 422 (facts 9). */
export function imageRoutes(app: App, world: World): void {
  const {images} = world.store;
  const known = () => [...images.values()].filter(({status}) => status !== 'deleted');
  const find = (wanted: string) => {
    const image = known().find(({id, slug}) => String(id) === wanted || slug === wanted);
    if (!image) {
      throw notFound();
    }

    return image;
  };

  app.get('/v2/images', (c) => {
    demand(world, 'image:read');
    const {type, private: mine, tag_name: tag} = c.req.query();
    const found = known().filter(
      (image) =>
        isOfType(image, type) &&
        (mine !== 'true' || !image.public) &&
        (tag === undefined || image.tags.includes(tag)),
    );
    return page(c, 'images', found, presentImage);
  });

  app.get(one, (c) => {
    demand(world, 'image:read');
    return c.json({image: presentImage(find(c.req.param('image')))});
  });

  app.put(one, (c) => {
    demand(world, 'image:update');
    const image = find(c.req.param('image'));
    if (image.public) {
      throw notFound();
    }

    const {name, description} = fields(c);
    if (typeof name === 'string') {
      image.name = name;
    }

    if (typeof description === 'string') {
      image.description = description;
    }

    return c.json({image: presentImage(image)});
  });

  app.delete(one, (c) => {
    demand(world, 'image:delete');
    const image = images.get(Number(c.req.param('image')));
    if (!image || image.public) {
      throw notFound();
    }

    if (image.status === 'deleted') {
      throw unprocessable('Can not delete an already deleted image.');
    }

    image.status = 'deleted';
    return noContent(c);
  });
}

function isOfType({type}: Image, wanted: string | undefined): boolean {
  return wanted === 'distribution' ? type === 'base' : wanted === undefined || type === wanted;
}
