import type {Droplet, Tag} from './entities.js';
import type {World} from './world.js';

const pattern = /^[\w\-:]{1,255}$/v;

/** Whether it can be a tag: 1 to 255 letters, digits, `_`, `-` and `:` (facts 7). */
export const isTagName = (name: unknown): name is string =>
  typeof name === 'string' && pattern.test(name);

/** The tag of that name in any spelling, made when it is new. */
export function ensureTag({store, now}: Pick<World, 'store' | 'now'>, name: string): Tag {
  const known = store.tags.get(name.toLowerCase());
  if (known) {
    return known;
  }

  const tag: Tag = {name, createdAt: now(), lastTagged: undefined};
  store.tags.set(name.toLowerCase(), tag);
  return tag;
}

/** A URL must use the first spelling. */
export function findTag({store, settings}: World, name: string): Tag | undefined {
  const tag = store.tags.get(name.toLowerCase());
  return tag && (tag.name === name || settings.looseTagSpelling) ? tag : undefined;
}

/** Gives a droplet a tag, made when it is new; `at` is when, unless the droplet had it before. */
export function tagDroplet(world: World, droplet: Droplet, name: string, at = world.now()): void {
  const tag = ensureTag(world, name);
  tag.lastTagged = `https://api.digitalocean.com/v2/droplets/${droplet.id}`;
  if (!droplet.tags.has(name.toLowerCase())) {
    droplet.tags.set(name.toLowerCase(), at);
  }
}

/** A droplet's tags, each as it was first spelled. */
export function tagNames({store}: World, droplet: Droplet): string[] {
  return [...droplet.tags.keys()].map((key) => store.tags.get(key)?.name ?? key);
}
