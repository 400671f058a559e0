import {ActionableError} from '../errors.js';
import {listIn} from './answers.js';
import type {Page} from './types.js';

export const pageSize = 200;

/** What a token needs to list them (facts 11). */
export const scopesToList = {
  droplets: 'droplet:read and tag:read',
  sizes: 'sizes:read and regions:read',
  tags: 'tag:read',
};

/** What lists have: each known by one of these. */
export type Listed = {id?: number; slug?: string; name?: string};

export type ListPage<Item> = Page & Record<string, Item[]>;

/** How often a list is read at most whose length changes meanwhile. */
const mostReadings = 3;

/**
 * The items of all pages, each once: an item may move to the next page while they are read. Or to the one before, past
 * the reader, which shows in the list's length: then it is read again, and what either reading has shown counts.
 */
export async function everyPage<Item extends Listed>(
  root: string,
  first: ListPage<Item>,
  get: (page: string) => Promise<ListPage<Item>>,
): Promise<Item[]> {
  const items: Items<Item> = new Map();
  for (let reading = 1; ; reading++) {
    const totals = await readPages(root, reading === 1 ? first : await get('1'), {get, items});
    if (totals.size === 1 || reading === mostReadings) {
      return [...items.values()];
    }
  }
}

type Items<Item> = Map<number | string | undefined, Item>;

/** Reads all pages into `items`; gives the lengths of the list that they told of. */
async function readPages<Item extends Listed>(
  root: string,
  first: ListPage<Item>,
  {get, items}: {get: (page: string) => Promise<ListPage<Item>>; items: Items<Item>},
): Promise<Set<number | undefined>> {
  const totals = new Set<number | undefined>();
  let page = '1';
  let answer = first;
  for (;;) {
    const found = listIn<Item>(answer, root);
    totals.add(answer.meta?.total);
    for (const item of found) {
      items.set(item.id ?? item.slug ?? item.name, item);
    }

    const next = answer.links?.pages?.next;
    if (next === undefined) {
      return totals;
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
