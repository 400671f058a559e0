import {expect, test} from '@jest/globals';
import {start} from './start.js';

const names = (list: Array<{name: string}>) => list.map(({name}) => name);

test('keeps the first spelling of a tag for good', async () => {
  await using api = await start();
  await api.post('/v2/tags', {name: 'My-Tag'});

  const {body} = await api.create({tags: ['my-tag']});
  const canonical = await api.get('/v2/droplets?tag_name=My-Tag');
  const other = await api.get('/v2/droplets?tag_name=my-tag');
  api.settings.looseTagSpelling = true;
  const loose = await api.get('/v2/droplets?tag_name=my-tag');

  expect(body.droplet.tags).toEqual(['My-Tag']);
  expect([canonical, other, loose].map((answer) => answer.body.meta.total)).toEqual([1, 0, 1]);
  expect(names((await api.get('/v2/tags')).body.tags)).toEqual(['My-Tag']);
});

test('makes missing tags in a create, and keeps them after the droplet', async () => {
  await using api = await start();
  const {body} = await api.create({tags: ['do-worker', 'do-worker:ttl:3600']});

  const counted = await api.get('/v2/tags/do-worker%3Attl%3A3600');
  await api.remove(`/v2/droplets/${body.droplet.id}`);
  const after = await api.get('/v2/tags');

  expect(counted.body.tag.resources).toMatchObject({
    count: 1,
    droplets: {count: 1, last_tagged_uri: expect.stringMatching(/\/v2\/droplets\/\d+$/v)},
  });
  expect(names(after.body.tags)).toEqual(['do-worker', 'do-worker:ttl:3600']);
  expect(after.body.tags[0]!.resources.count).toBe(0);
});

test('untags with the deletion of a tag and deletes no droplet', async () => {
  await using api = await start();
  const {body} = await api.create({tags: ['ci', 'other']});

  const {status, text} = await api.remove('/v2/tags/ci');

  expect({status, text}).toEqual({status: 204, text: ''});
  expect((await api.get(`/v2/droplets/${body.droplet.id}`)).body.droplet.tags).toEqual(['other']);
  expect((await api.get('/v2/tags/ci')).status).toBe(404);
});

test('answers a bad tag name in a shape of its own', async () => {
  await using api = await start();

  const {status, body, headers} = await api.post('/v2/tags', {name: 'a.b'});

  expect(status).toBe(400);
  expect(Object.keys(body)).toEqual(['error', 'messages', 'root_causes']);
  expect(headers.get('x-request-id')).toEqual(expect.any(String));
});

test('answers a tag that exists with the status it is told', async () => {
  await using api = await start({existingTagStatus: 409});
  await api.post('/v2/tags', {name: 'ci'});

  const {status, body} = await api.post('/v2/tags', {name: 'CI'});

  expect({status, id: body.id}).toEqual({status: 409, id: 'conflict'});
});

test('tags and untags droplets only with a tag that exists', async () => {
  await using api = await start();
  const {body} = await api.create();
  const resources = [{resource_id: String(body.droplet.id), resource_type: 'droplet'}];

  const unknown = await api.post('/v2/tags/ci/resources', {resources});
  await api.post('/v2/tags', {name: 'ci'});
  const tagged = await api.post('/v2/tags/ci/resources', {resources});
  const listed = await api.get('/v2/droplets?tag_name=ci');
  const untagged = await api.remove('/v2/tags/ci/resources', {resources});
  const number = await api.post('/v2/tags/ci/resources', {
    resources: [{resource_id: body.droplet.id, resource_type: 'droplet'}],
  });

  expect([unknown, tagged, untagged, number].map(({status}) => status)).toEqual([
    404, 204, 204, 422,
  ]);
  expect(listed.body.meta.total).toBe(1);
  expect((await api.get('/v2/droplets?tag_name=ci')).body.droplets).toEqual([]);
});

test('can list a droplet by tag later than the droplet itself', async () => {
  await using api = await start({tagLagMs: 60_000});
  await api.create({tags: ['ci']});

  const byTag = await api.get('/v2/droplets?tag_name=ci');
  const all = await api.get('/v2/droplets');

  expect([byTag.body.meta.total, all.body.meta.total]).toEqual([0, 1]);
});

test('lists nothing for an unknown tag, or answers 404 when told to', async () => {
  await using api = await start();

  const empty = await api.get('/v2/droplets?tag_name=nobody');
  api.settings.unknownTagList404 = true;
  const missing = await api.get('/v2/droplets?tag_name=nobody');

  expect(empty).toMatchObject({status: 200, body: {droplets: [], links: {}, meta: {total: 0}}});
  expect(missing.status).toBe(404);
});

test('deletes by tag only what has the tag', async () => {
  await using api = await start();
  await api.create({tags: ['ci'], name: undefined, names: ['a', 'b']});
  await api.create({name: 'other'});

  const {status, text} = await api.remove('/v2/droplets?tag_name=ci');

  expect({status, text}).toEqual({status: 204, text: ''});
  expect(names(api.droplets())).toEqual(['other']);
});

test('refuses a deletion without a tag', async () => {
  await using api = await start();
  await api.create();

  const answers = [await api.remove('/v2/droplets'), await api.remove('/v2/droplets?tag_name=')];

  expect(answers.map(({status}) => status)).toEqual([422, 422]);
  expect(api.droplets()).toHaveLength(1);
});

test('answers a deletion by a tag of no droplet with 204, or 404 when told to', async () => {
  await using api = await start();

  const quiet = await api.remove('/v2/droplets?tag_name=ci');
  api.settings.missingTagDelete404 = true;
  const missing = await api.remove('/v2/droplets?tag_name=ci');

  expect([quiet.status, missing.status]).toEqual([204, 404]);
});

test('leaves busy droplets, and as many as told, out of a deletion by tag', async () => {
  await using api = await start({bulkDeleteSkips: 1, createMs: 60_000});
  await api.create({tags: ['ci'], name: undefined, names: ['a', 'b', 'c']});

  await api.remove('/v2/droplets?tag_name=ci');
  const afterSkips = names(api.droplets());
  api.settings.pendingEventOnCreate = true;
  await api.remove('/v2/droplets?tag_name=ci');

  expect(afterSkips).toEqual(['a']);
  expect(names(api.droplets())).toEqual(['a']);
});

test('can lose all tags of a create, or leave them out of answers', async () => {
  await using api = await start({dropTags: true});

  const lost = await api.create({tags: ['ci']});
  api.settings.omitTags = true;
  const silent = await api.get(`/v2/droplets/${lost.body.droplet.id}`);

  expect(lost.body.droplet.tags).toEqual([]);
  expect(silent.body.droplet).not.toHaveProperty('tags');
});
