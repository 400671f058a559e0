import {expect, test} from '@jest/globals';
import {clockAhead} from '../chaos/clock-ahead.js';
import {environmentOf, run, start, type Running} from '../support/run.js';
import {startEmulator} from '../../src/emulator/server.js';

/** Droplets that start at once, but show their address at the second look only. */
const instant = {createMs: 1, bootMs: 10, addressLagReads: 1};
const create = ['create', 'build-arm', '--count', '2', '--run', 'b7', '--ttl', '1h'];
/** What is there, the sizes, the POST, a look at what was made, and one for the addresses. */
const calls = 5;
/** Droplets have expired when the cleanup looks, by DigitalOcean's clock and by its own. */
const laterSeconds = 7200;
const moments = Array.from({length: calls}, (_, index) => index + 1).flatMap((call) => [
  [call, 'before'] as const,
  [call, 'after'] as const,
]);

async function killAt(call: number, when: 'before' | 'after') {
  let running: Running | undefined;
  let seen = 0;
  const at = async (now: 'before' | 'after') => {
    seen += now === 'before' && running !== undefined ? 1 : 0;
    if (running === undefined || seen !== call || now !== when) {
      return;
    }

    const killed = running;
    running = undefined;
    killed.child.kill('SIGKILL');
    await killed.done;
    // What a dead process has not sent has no effect.
    await (when === 'before' && Promise.withResolvers<void>().promise);
  };

  const emulator = await startEmulator({
    ...instant,
    onRequest: async () => at('before'),
    onResponse: async () => at('after'),
  });
  const environment = await environmentOf(emulator);
  running = start(create, environment);
  const {code} = await running.done;
  return {emulator, environment, code};
}

test('a create makes the calls that the kills below are for', async () => {
  await using emulator = await startEmulator(instant);

  const {code} = await run(create, await environmentOf(emulator));

  expect(code).toBe(0);
  expect(emulator.digitalOcean.requests.map(({method}) => method)).toEqual([
    'GET',
    'GET',
    'POST',
    'GET',
    'GET',
  ]);
  expect(emulator.digitalOcean.requests).toHaveLength(calls);
});

test.each(moments)(
  'killed at call %i, %s its effect, leaves nothing to one cleanup',
  async (call, when) => {
    const killed = await killAt(call, when);
    await using emulator = killed.emulator;
    expect(killed.code).toBeNull();
    expect([0, 2]).toContain(emulator.digitalOcean.everyDroplet().length);
    emulator.digitalOcean.settings.clockSkewSeconds = laterSeconds;

    const {code, stdout} = await run(['cleanup', '--json'], {
      ...killed.environment,
      ...clockAhead(laterSeconds),
    });

    expect({code, stdout}).toMatchObject({code: 0});
    expect(emulator.digitalOcean.droplets()).toEqual([]);
    expect(emulator.concourse.workers()).toEqual([]);
  },
);
