import {expect, test} from '@jest/globals';
import {startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {names, put} from './run.js';

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
