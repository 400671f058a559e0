import {ActionableError} from '../errors.js';
import {listIn} from './answers.js';
import type {Page} from './types.js';

/** What lists have: each known by one of these. */
export type Listed = {id?: number; slug?: string; name?: string};

export type ListPage<Item> = Page & Record<string, Item[]>;

/** The items of all pages, each once: an item may move to the next page while they are read. */
export async function everyPage<Item extends Listed>(
  root: string,
  first: ListPage<Item>,
  get: (page: string) => Promise<ListPage<Item>>,
): Promise<Item[]> {
  const items = new Map<number | string | undefined, Item>();
  let page = '1';
  let answer = first;
  for (;;) {
    const found = listIn<Item>(answer, root);
    for (const item of found) {
      items.set(item.id ?? item.slug ?? item.name, item);
    }

    const next = answer.links?.pages?.next;
    if (next === undefined) {
      return [...items.values()];
    }

    const nextPage = new URL(next, 'http://any').searchParams.get('page') ?? '';
    if (found.length === 0 || !(Number(nextPage) > Number(page))) {
      throw new ActionableError(
        'PAGING',
        `DigitalOcean's page ${page} of ${root} points back to page ${nextPage}`,
      );
    }

    page = nextPage;
    answer = await get(page);
  }
}
