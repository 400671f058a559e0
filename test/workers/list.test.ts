import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {createWorkers} from '../../src/workers/create.js';
import {listWorkers} from '../../src/workers/list.js';

const kinds = ['concourse'];

test('joins droplets with what the CI server says, oldest first', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  emulator.digitalOcean.add(
    {name: 'mine', tags: ['do-worker']},
    {
      name: 'old-x1-abcdefgh',
      ageSeconds: 7200,
      size: 's-1vcpu-1gb',
      tags: [
        'do-worker',
        'do-worker:kind:concourse',
        `do-worker:ci:${workers[0]!.ciId}`,
        'do-worker:name:old',
        'do-worker:ttl:3600',
      ],
    },
    {
      name: 'other-x1-abcdefgh',
      ageSeconds: 60,
      tags: [
        'do-worker',
        'do-worker:kind:concourse',
        'do-worker:ci:ffffffff',
        'do-worker:name:other',
      ],
    },
  );

  const listed = await listWorkers({kinds}, [context.ci!], context);

  expect(
    listed.map(({workerName, run, workerState, ttlLeftSeconds, priceHourly, worstCost}) => ({
      workerName,
      run,
      workerState,
      isExpired: ttlLeftSeconds !== null && ttlLeftSeconds < 0,
      priceHourly,
      worstCost,
    })),
  ).toEqual([
    {
      workerName: 'old',
      run: 'x1',
      workerState: null,
      isExpired: true,
      priceHourly: 0.00893,
      worstCost: 0.009,
    },
    {
      workerName: 'other',
      run: 'x1',
      workerState: 'unknown',
      isExpired: false,
      priceHourly: expect.any(Number),
      worstCost: null,
    },
    {
      workerName: 'build-arm',
      run: workers[0]!.run,
      workerState: 'running',
      isExpired: false,
      priceHourly: 0.02679,
      worstCost: 0.1072,
    },
  ]);
});

test('shows the droplets also when the CI server does not answer', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const {context: down, progress} = await connect(emulator, {
    concourse: {url: 'http://127.0.0.1:9'},
  });

  const listed = await listWorkers({workerName: 'build-arm', kinds}, [down.ci!], down);

  expect(listed.map(({workerState}) => workerState)).toEqual(['unknown']);
  expect(progress.join('\n')).toContain('Worker states are unknown');
});

test('shows more droplets than a page holds', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  emulator.digitalOcean.settings.dropletLimit = 1000;
  emulator.digitalOcean.add(
    ...Array.from({length: 450}, (_, index) => ({
      name: `build-arm-x${index}-abcdefgh`,
      tags: [
        'do-worker',
        'do-worker:kind:concourse',
        'do-worker:ci:ffffffff',
        'do-worker:name:build-arm',
      ],
    })),
  );

  const listed = await listWorkers({kinds}, [context.ci!], context);

  expect(listed).toHaveLength(450);
});

test('fails as a whole when a later page fails', async () => {
  await using emulator = await startQuick({failPage: 2});
  const {context} = await connect(emulator);
  emulator.digitalOcean.settings.dropletLimit = 1000;
  emulator.digitalOcean.add(
    ...Array.from({length: 250}, (_, index) => ({
      name: `build-arm-x${index}-abcdefgh`,
      tags: [
        'do-worker',
        'do-worker:kind:concourse',
        'do-worker:ci:ffffffff',
        'do-worker:name:build-arm',
      ],
    })),
  );

  await expect(listWorkers({kinds}, [context.ci!], context)).rejects.toMatchObject({status: 500});
});
