import {expect, test} from '@jest/globals';
import {start} from './start.js';

const seed = (count: number) => ({
  droplets: Array.from({length: count}, (_, index) => ({name: `w-${index}`, tags: ['ci']})),
});

test('links pages by absolute URLs on the host of the request', async () => {
  await using api = await start({seed: seed(5), dropletLimit: 10});
  const at = (page: number) => `${api.url}/v2/droplets?tag_name=ci&per_page=2&page=${page}`;

  const [first, middle, last] = await Promise.all(
    [1, 2, 3].map(async (page) => api.get(`/v2/droplets?tag_name=ci&per_page=2&page=${page}`)),
  );

  expect(first!.body.links).toEqual({pages: {next: at(2), last: at(3)}});
  expect(middle!.body.links).toEqual({
    pages: {first: at(1), prev: at(1), next: at(3), last: at(3)},
  });
  expect(last!.body.links).toEqual({pages: {first: at(1), prev: at(2)}});
  expect(last!.body.droplets).toHaveLength(1);
  expect(last!.body.meta).toEqual({total: 5});
});

test('has two ways to say that there is one page only', async () => {
  await using api = await start();

  const links = async (path: string) => (await api.get(path)).body.links;

  expect(await links('/v2/droplets')).toEqual({});
  expect(await links('/v2/sizes?per_page=200')).toEqual({});
  expect(await links('/v2/account/keys')).toEqual({pages: {}});
  expect(await links('/v2/images?per_page=200')).toEqual({pages: {}});
});

test('gives 20 to a page, and never more than 200', async () => {
  await using api = await start({seed: seed(205)});

  const plain = await api.get('/v2/droplets');
  const greedy = await api.get('/v2/droplets?per_page=10000');

  expect(plain.body.droplets).toHaveLength(20);
  expect(greedy.body.droplets).toHaveLength(200);
  expect(greedy.body.links.pages.next).toContain('per_page=200');
});

test('can list in no sensible order, the same at each call', async () => {
  await using api = await start({seed: seed(12), shuffleLists: true});
  const ids = async () => (await api.get('/v2/droplets')).body.droplets.map(({id}) => id);

  const first = await ids();

  expect(first).not.toEqual(first.toSorted((a, b) => a - b));
  expect(await ids()).toEqual(first);
});
