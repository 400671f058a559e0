import {setTimeout as delay} from 'node:timers/promises';
import {expect, test} from '@jest/globals';
import type {Emulator} from '../../src/emulator/server.js';
import {ciIdOf} from '../../src/workers/identity.js';
import {connect, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {ourTags} from '../support/tags.js';
import {names, put} from './run.js';

/** The tags of this build's workers of a name. */
function tagsOf({concourse}: Emulator, name: string): string[] {
  return ourTags(ciIdOf(concourse.url), name);
}

function addDroplet(emulator: Emulator, ageSeconds: number): void {
  emulator.digitalOcean.add({name: 'a-b42-abcdefgh', tags: tagsOf(emulator, 'a'), ageSeconds});
}

test('one that finds nothing looks for a minute by the clock, and asks Concourse but once', async () => {
  await using emulator = await startQuick();
  emulator.concourse.addFault({method: '*', path: '*', kind: 'slow', ms: 60_000});

  const {metadata} = await put(emulator, {worker_name: 'a'});

  const listings = emulator.digitalOcean.requests.filter(({path}) => path.includes('tag_name='));
  expect(metadata[0]).toEqual({name: 'status', value: 'nothing to destroy'});
  expect(emulator.concourse.requests).toHaveLength(3);
  expect(listings.length).toBeLessThanOrEqual(4);
});

test('finds what lists show only after the first droplet of the same create', async () => {
  await using emulator = await startQuick({listLagMs: 25_000, tagLagMs: 25_000});
  const {context} = await connect(emulator);
  const post = async (name: string) =>
    context.digitalOcean.createDroplets({
      names: [name],
      region: 'ams3',
      size: 's-2vcpu-2gb',
      image: 'ubuntu-24-04-x64',
      user_data: '',
      tags: tagsOf(emulator, 'a'),
    });
  await post('a-b42-abcdefgh');
  await delay(20 * context.time.secondMs);
  await post('a-b42-bcdefghi');

  const {metadata} = await put(emulator, {worker_name: 'a'});

  expect(metadata).toContainEqual({name: 'worker', value: 'a-b42-abcdefgh, a-b42-bcdefghi'});
  expect(names(emulator)).toEqual([]);
});

test('deletes a new droplet again that is listed, though its deletion is answered with 404', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets/',
    kind: 'status',
    status: 404,
    times: 2,
  });
  addDroplet(emulator, 5);

  const {metadata} = await put(emulator, {worker_name: 'a'});

  expect(metadata).toContainEqual({name: 'worker', value: 'a-b42-abcdefgh'});
  expect(names(emulator)).toEqual([]);
});

test('fails, and tells of it, when what is listed is called gone when it is deleted', async () => {
  await using emulator = await startQuick();
  const fault = {method: 'DELETE', path: '/v2/droplets/', kind: 'status', status: 404} as const;
  emulator.digitalOcean.faults.push(fault);
  addDroplet(emulator, 3600);

  await expect(put(emulator, {})).rejects.toMatchObject({
    code: 'NOT_DESTROYED',
    message: expect.stringContaining('a-b42-abcdefgh'),
  });
});

test('ends, and tells of it, when what is listed is in no list of its name', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    path: 'tag_name=do-worker%3Aname',
    kind: 'status',
    status: 404,
  });
  addDroplet(emulator, 3600);

  const {metadata, progress} = await put(emulator, {});

  expect(metadata[0]).toEqual({name: 'status', value: 'nothing to destroy'});
  expect(progress.at(-1)).toMatch(
    /^Listed still, so see whether they are gone: a-b42-abcdefgh \(https/v,
  );
});

test('one name that cannot be destroyed keeps no other', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: '/v2/droplets/',
    kind: 'status',
    status: 403,
    times: 1,
  });
  await put(emulator, {action: 'create', worker_name: 'a'});
  await put(emulator, {action: 'create', worker_name: 'b'});

  const {code, message} = await failure(put(emulator, {}));

  expect(code).toBe('NOT_DESTROYED');
  expect(names(emulator)).toHaveLength(1);
  expect(message).toContain(names(emulator)[0]);
});

test('workers of several names drain at the same time', async () => {
  await using emulator = await startQuick();
  await put(emulator, {action: 'create', worker_name: 'a'});
  await put(emulator, {action: 'create', worker_name: 'b'});
  for (const name of names(emulator)) {
    emulator.concourse.setUnfinishedContainers(name, 1);
  }

  const {progress} = await put(emulator, {drain: 60});

  const phases = progress.map((line) => /^(?<phase>drain|delete):/v.exec(line)?.groups?.phase);
  expect(phases.filter(Boolean)).toEqual(['drain', 'drain', 'delete', 'delete']);
  expect(names(emulator)).toEqual([]);
});

test('a destroy that is done stays so when nobody can tell what other workers there are', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({path: 'tag_name=do-worker&', kind: 'status', status: 500});
  addDroplet(emulator, 3600);

  const {metadata} = await put(emulator, {worker_name: 'a'});

  expect(metadata[0]).toEqual({name: 'status', value: 'destroyed'});
});
