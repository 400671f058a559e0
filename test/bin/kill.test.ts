import {expect, test} from '@jest/globals';
import {clockAhead} from '../chaos/clock-ahead.js';
import {environmentOf, run, start} from '../support/run.js';
import type {AtRequest} from '../../src/emulator/ci-faults.js';
import {startEmulator} from '../../src/emulator/server.js';

/** Droplets that start at once, but show their address at the second look only. */
const instant = {createMs: 1, bootMs: 10, addressLagReads: 1};
const create = ['create', 'build-arm', '--count', '2', '--run', 'b7', '--ttl', '1h'];
/** To DigitalOcean: what is there, the sizes, the POST, a look at what was made, and one for the addresses. */
const calls = ['GET', 'GET', 'POST', 'GET', 'GET'];
/** To Concourse: its version, the login, its rights, a look whether the name is taken, and the wait. */
const concourseCalls = [
  'GET /api/v1/info',
  'POST /sky/issuer/token',
  'GET /api/v1/user',
  'GET /api/v1/workers',
  'GET /api/v1/workers',
];
/** To Taskcluster: the pool, the queue, what the scopes allow, two records, and a look at both lists. */
const taskclusterCalls = ['GET', 'GET', 'PUT', 'DELETE', 'PUT', 'PUT', 'GET', 'GET'];
/** Droplets have expired when the cleanup looks, by DigitalOcean's clock and by its own. */
const laterSeconds = 7200;
type Service = 'digitalOcean' | 'concourse' | 'taskcluster';
type Sent = Parameters<AtRequest>[1];

/** What the droplets themselves send to Taskcluster, each when its boot has come so far. */
const isFromDroplet = ({path}: Sent) => /\/(?:worker\/register$|claim-work\/)/v.test(path);

const momentsOf = (list: readonly string[]) =>
  list.flatMap((_, index) => [[index + 1, 'before'] as const, [index + 1, 'after'] as const]);

const moments = (['digitalOcean', 'concourse'] as const).flatMap((of) =>
  momentsOf(of === 'concourse' ? concourseCalls : calls).map(([call, when]) => ({call, when, of})),
);

/** Kills the command at its nth request to that service, others of which may be under way. */
async function killAt(
  command: string[],
  {call, when, of}: {call: number; when: 'before' | 'after'; of: Service},
) {
  let nth: Sent | undefined;
  let seen = 0;
  const at = async (now: 'before' | 'after', request: Sent) => {
    seen += now === 'before' && !isFromDroplet(request) ? 1 : 0;
    nth ??= seen === call ? request : undefined;
    if (request !== nth || now !== when) {
      return;
    }

    running.child.kill('SIGKILL');
    await running.done;
    // What a dead process has not sent has no effect.
    await (when === 'before' && Promise.withResolvers<void>().promise);
  };

  const hooks = {
    digitalOcean: {
      onRequest: async (request: Sent) => at('before', request),
      onResponse: async (request: Sent) => at('after', request),
    },
    concourse: {atConcourseRequest: at},
    taskcluster: {atTaskclusterRequest: at},
  };
  const emulator = await startEmulator({...instant, simulateRunner: true, ...hooks[of]});
  const environment = await environmentOf(emulator);
  const running = start(command, environment);
  const {code} = await running.done;
  return {emulator, environment, code};
}

test('a create makes the calls that the kills below are for', async () => {
  await using emulator = await startEmulator(instant);

  const {code} = await run(create, await environmentOf(emulator));

  expect(code).toBe(0);
  expect(emulator.digitalOcean.requests.map(({method}) => method)).toEqual(calls);
  // A slow machine looks again.
  const asked = emulator.concourse.requests.map(({method, path}) => `${method} ${path}`);
  expect(asked.slice(0, concourseCalls.length)).toEqual(concourseCalls);
});

test.each(moments)(
  'killed at call $call to $of, $when its effect, leaves nothing to one cleanup',
  async (moment) => {
    const killed = await killAt(create, moment);
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

const forTaskcluster = ['--kind', 'taskcluster'];

test('a create for Taskcluster makes the calls that the kills below are for', async () => {
  await using emulator = await startEmulator({...instant, simulateRunner: true});

  const {code} = await run([...create, ...forTaskcluster], await environmentOf(emulator));

  expect(code).toBe(0);
  expect(
    emulator.taskcluster.requests
      .filter((request) => !isFromDroplet(request))
      .slice(0, taskclusterCalls.length)
      .map(({method}) => method),
  ).toEqual(taskclusterCalls);
});

test.each(momentsOf(taskclusterCalls))(
  'killed at call %i to Taskcluster, %s its effect, leaves no droplet and no record to one cleanup',
  async (call, when) => {
    const killed = await killAt([...create, ...forTaskcluster], {call, when, of: 'taskcluster'});
    await using emulator = killed.emulator;
    expect(killed.code).toBeNull();
    emulator.digitalOcean.settings.clockSkewSeconds = laterSeconds;
    emulator.taskcluster.settings.clockAheadSeconds = laterSeconds;

    const {code, stdout} = await run(['cleanup', '--json', ...forTaskcluster], {
      ...killed.environment,
      ...clockAhead(laterSeconds),
    });

    expect({code, stdout}).toMatchObject({code: 0});
    expect(emulator.digitalOcean.droplets()).toEqual([]);
    expect(emulator.taskcluster.workers().filter(({state}) => state === 'running')).toEqual([]);
  },
);
