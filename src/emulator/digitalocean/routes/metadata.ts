import type {App} from '../app.js';
import {metadataDocument, metadataTree, type Leaf} from '../metadata.js';
import type {World} from '../world.js';

/** What 169.254.169.254 answers on the droplet that the path names; neither token nor limit applies. */
export function metadataRoutes(app: App, world: World): void {
  const machine = (id: string) => {
    const droplet = world.store.droplets.get(Number(id));
    return droplet?.status === 'active' ? droplet : undefined;
  };

  app.get('/droplets/:id/metadata/v1.json', (c) => {
    const droplet = machine(c.req.param('id'));
    return droplet ? c.json(metadataDocument(world, droplet)) : c.text('not found', 404);
  });

  app.get('/droplets/:id/metadata/*', (c) => {
    const droplet = machine(c.req.param('id'));
    const {pathname} = new URL(c.req.url);
    const path = pathname.replace(/^\/droplets\/\d+\/metadata\//v, '');
    const [version, ...names] = path.split('/');
    if (!droplet || version !== 'v1') {
      return c.text('not found', 404);
    }

    const isIndex = names.at(-1) === '';
    const found = walk(metadataTree(world, droplet), isIndex ? names.slice(0, -1) : names);
    if (found === undefined) {
      return c.text('not found', 404);
    }

    if (typeof found === 'string') {
      return isIndex ? c.text('not found', 404) : c.text(found);
    }

    return isIndex ? c.text(index(found)) : c.redirect(`${pathname}/`, 301);
  });
}

function walk(tree: Leaf, names: string[]): Leaf | undefined {
  let leaf: Leaf | undefined = tree;
  for (const name of names) {
    const branch: Leaf | undefined = leaf;
    leaf = typeof branch === 'object' && Object.hasOwn(branch, name) ? branch[name] : undefined;
  }

  return leaf;
}

function index(branch: Record<string, Leaf>): string {
  return Object.entries(branch)
    .map(([name, leaf]) => (typeof leaf === 'string' ? name : `${name}/`))
    .join('\n');
}
