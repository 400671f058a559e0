import {expect, test} from '@jest/globals';
import {connect, startQuick} from '../support/connect.js';
import {ourTags} from '../support/tags.js';
import type {LoggedRequest} from '../../src/emulator/digitalocean/edge.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import {ciIdOf} from '../../src/workers/identity.js';

test('deletes several droplets at a time, but never more than eight', async () => {
  let underWay = 0;
  let most = 0;
  const count = (change: number) => (request: LoggedRequest) => {
    underWay += request.method === 'DELETE' ? change : 0;
    most = Math.max(most, underWay);
  };

  await using emulator = await startQuick({
    slowMs: 2000,
    onRequest: count(1),
    onResponse: count(-1),
  });
  const {context} = await connect(emulator);
  const tags = ourTags(ciIdOf(emulator.concourse.url), 'build');
  for (let index = 10; index < 50; index++) {
    emulator.digitalOcean.add({name: `build-b1-abcdef${index}`, tags});
  }

  await destroyWorkers({workerName: 'build', drainSeconds: 0, dryRun: false}, context);

  expect(emulator.digitalOcean.droplets()).toEqual([]);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
});
