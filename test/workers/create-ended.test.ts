import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {Interrupted} from '../../src/errors.js';
import {createWorkers} from '../../src/workers/create.js';

const phases = ['plan', 'preflight', 'create', 'active', 'booting'];

test.each(phases)('Ctrl-C while in phase %s leaves nothing and exits with 130', async (phase) => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  const connected = await connect(emulator, {
    onPhase(name) {
      if (name === phase) {
        connected.abort(new Interrupted('SIGINT'));
      }
    },
  });

  const error = await failure(createWorkers(await request({count: 2}), connected.context));

  expect(error.code).toBe('INTERRUPTED');
  expect(error.oclif.exit).toBe(130);
  expect(error.message).toContain(`phase: ${phase === 'plan' ? 'preflight' : phase}`);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('SIGTERM exits with 1', async () => {
  await using emulator = await startQuick({bootMs: 3_600_000});
  const connected = await connect(emulator, {
    onPhase(name) {
      if (name === 'active') {
        connected.abort(new Interrupted('SIGTERM'));
      }
    },
  });

  const error = await failure(createWorkers(await request(), connected.context));

  expect(error.oclif.exit).toBe(1);
});

test.each([
  ['preflight', {slowMs: 400_000}],
  ['active', {createMs: 3_600_000}],
  ['booting', {bootMs: 3_600_000}],
] as Array<[string, Parameters<typeof startQuick>[0]]>)(
  'a time-out in phase %s leaves nothing and names the phase',
  async (phase, options) => {
    await using emulator = await startQuick(options);
    const {context} = await connect(emulator);

    const error = await failure(createWorkers(await request({timeoutSeconds: 60}), context));

    expect(error.code).toBe('TIMEOUT');
    expect(error.oclif.exit).toBe(1);
    expect(error.message).toContain(`phase: ${phase}`);
    expect(emulator.digitalOcean.droplets()).toEqual([]);
    if (phase === 'booting') {
      expect(error.message).toMatch(
        /Last seen: build-arm-\S+: droplet \d+ active at [\d.]+, worker not listed yet/v,
      );
    }
  },
);

/** An emulator that answers the first POST after a minute and a half. */
async function startWithSlowPost() {
  const emulator = await startQuick();
  const path = '/v2/droplets';
  emulator.digitalOcean.faults.push({method: 'POST', path, kind: 'slow', ms: 90_000, times: 1});
  return emulator;
}

test('a time-out while the POST is answered late destroys what it made', async () => {
  await using emulator = await startWithSlowPost();
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({timeoutSeconds: 60}), context));

  expect(error.code).toBe('TIMEOUT');
  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(1);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a time-out stays one though an interrupt comes while the POST is still unanswered', async () => {
  await using emulator = await startWithSlowPost();
  const connected = await connect(emulator, {
    onPhase(name) {
      if (name === 'create') {
        setTimeout(() => {
          connected.abort(new Interrupted('SIGINT'));
        }, 750);
      }
    },
  });

  const error = await failure(
    createWorkers(await request({timeoutSeconds: 60}), connected.context),
  );

  expect(error.code).toBe('TIMEOUT');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('an interrupt while the answer is lost still destroys what was made', async () => {
  await using emulator = await startQuick({
    dropCreates: 1,
    listLagMs: 30_000,
    onResponse({method}) {
      if (method === 'POST') {
        connected.abort(new Interrupted('SIGTERM'));
      }
    },
  });
  const connected = await connect(emulator);

  await failure(createWorkers(await request({count: 2}), connected.context));

  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(2);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a fleet as large as the rate limit takes minutes for is undone to the last droplet', async () => {
  const many = {timeScale: 50, dropletLimit: 1000, bootMs: 3_600_000};
  await using emulator = await startQuick({...many, failCreate: 1});
  const {context} = await connect(emulator);

  const error = await failure(createWorkers(await request({count: 1000}), context));

  expect(error.code).toBe('DROPLET_VANISHED');
  expect(error.message).not.toContain('still billed');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('Ctrl-C while the addresses of registered workers are awaited leaves nothing', async () => {
  await using emulator = await startQuick({publicLagReads: 1000});
  const {context, abort} = await connect(emulator);
  const progress = {
    ...context.progress,
    update(line: string) {
      if (line.startsWith('1 of 1')) {
        setTimeout(abort, 3 * context.time.secondMs, new Interrupted('SIGINT'));
      }
    },
  };

  const error = await failure(createWorkers(await request(), {...context, progress}));

  expect(error.code).toBe('INTERRUPTED');
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});
