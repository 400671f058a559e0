import {expect, test} from '@jest/globals';
import {start} from './start.js';

const seed = {
  droplets: [{name: 'w-1', tags: ['ci', 'do-worker:ttl:60'], userData: '#cloud-config\n# \u{FC}'}],
};

test('serves the metadata of a droplet as text under a path that names it', async () => {
  await using api = await start({seed});
  const root = `${api.url}/droplets/${api.droplets()[0]!.id}/metadata/v1`;
  const read = async (path: string) => {
    const response = await fetch(`${root}${path}`, {redirect: 'manual'});
    return [response.status, await response.text()];
  };

  const [, index] = await read('/');

  expect(String(index).split('\n')).toEqual(
    expect.arrayContaining(['id', 'hostname', 'user-data', 'interfaces/', 'tags/']),
  );
  expect(await read('/hostname')).toEqual([200, 'w-1']);
  expect(await read('/user-data')).toEqual([200, '#cloud-config\n# ']);
  expect(await read('/interfaces/public/0/ipv4/address')).toEqual([200, '198.18.0.2']);
  expect(await read('/tags/')).toEqual([200, 'ci\ndo-worker:ttl:60']);
  expect((await read('/interfaces'))[0]).toBe(301);
  expect((await read('/nothing'))[0]).toBe(404);
});

test('serves the metadata as one document without a token and without a limit', async () => {
  await using api = await start({seed});
  const {id} = api.droplets()[0]!;

  const response = await fetch(`${api.url}/droplets/${id}/metadata/v1.json`);

  expect(await response.json()).toMatchObject({
    droplet_id: id,
    hostname: 'w-1',
    user_data: '#cloud-config\n# ',
    region: 'nyc3',
    tags: ['ci', 'do-worker:ttl:60'],
    interfaces: {
      public: [{ipv4: {ip_address: '198.18.0.2'}}],
      private: [{ipv4: {ip_address: '10.108.0.2'}}],
    },
  });
  expect((await api.get('/v2/account')).headers.get('ratelimit-remaining')).toBe('4999');
});
