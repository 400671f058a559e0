import type {Context} from 'hono';

const maximum = 200;

/** Roots of lists that say `{"pages": {}}`, not `{}`, when there is one page only. */
const withEmptyPages = new Set(['ssh_keys', 'images']);

/** One page of a list in the API's envelope; links use the host that the request named. */
export function page<T, U>(
  c: Context,
  root: string,
  items: T[],
  present: (item: T) => U,
): Response {
  const url = new URL(c.req.url);
  const size = Math.min(maximum, wholeNumber(c.req.query('per_page'), 20));
  const number = wholeNumber(c.req.query('page'), 1);
  const last = Math.max(1, Math.ceil(items.length / size));

  const link = (to: number) => {
    const target = new URL(url);
    target.searchParams.set('page', String(to));
    target.searchParams.set('per_page', String(size));
    return target.href;
  };

  const pages = {
    ...(number > 1 && {first: link(1), prev: link(number - 1)}),
    ...(number < last && {next: link(number + 1), last: link(last)}),
  };
  const isSingle = last === 1 && number === 1;

  return c.json({
    [root]: items.slice((number - 1) * size, number * size).map((item) => present(item)),
    links: isSingle && !withEmptyPages.has(root) ? {} : {pages},
    meta: {total: items.length},
  });
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : otherwise;
}
