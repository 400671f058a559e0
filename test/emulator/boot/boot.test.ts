import {once} from 'node:events';
import {expect, test} from '@jest/globals';
import {createBoot, type BootOptions} from '../../../src/emulator/boot.js';
import {createClock} from '../../../src/emulator/clock.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import type {Machine} from '../../../src/emulator/machine.js';
import {eventually} from '../concourse/eventually.js';
import {login} from '../concourse/ssh-client.js';
import {droplet, userData} from './droplet.js';

async function start(options: ConcourseOptions = {}, given: Partial<BootOptions> = {}, scale = 1) {
  const clock = createClock(scale);
  const emulator = await startConcourse({clock, options: {teams: ['dev'], ...options}});
  const lines: string[] = [];
  const boot = createBoot({
    clock,
    bootMs: 10 * scale,
    log(_machine: Machine, line: string) {
      lines.push(line);
    },
    ...given,
  });
  return {clock, emulator, boot, lines, [Symbol.asyncDispose]: emulator.close};
}

test('a droplet registers with what its user-data says, after the time a boot takes', async () => {
  await using world = await start({}, {bootMs: 100});
  const {emulator, boot, clock} = world;
  const machine = droplet(userData(emulator, {environment: {CONCOURSE_TEAM: 'dev'}}));
  const poweredOnAt = clock.now();

  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.workers()).toMatchObject([
      {
        name: 'ci-b1-x',
        tags: ['t1', 't2'],
        team: 'dev',
        ephemeral: true,
        platform: 'linux',
        version: '3.0',
        state: 'running',
      },
    ]);
  });

  expect(clock.now() - poweredOnAt).toBeGreaterThanOrEqual(100);
  const startSeconds = emulator.workers()[0]!.start_time;
  expect(startSeconds).toBeGreaterThanOrEqual(Math.floor(poweredOnAt / 1000));
  expect(startSeconds).toBeLessThanOrEqual(clock.now() / 1000);
  expect(emulator.tsaRequests).toMatchObject([
    {user: 'beacon', command: 'forward-worker --garden 0.0.0.0:7777 --baggageclaim 0.0.0.0:7788'},
  ]);
  machine.powerCut();
  await booting;
});

test('the release in user-data decides the worker version it reports', async () => {
  await using world = await start({profile: 'legacy'});
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator, {release: '7.9.1'}));

  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.workers()).toMatchObject([{version: '2.4'}]);
  });

  machine.powerCut();
  await booting;
});

test('a power cut ends everything at once; the row stays until its time is over', async () => {
  await using world = await start({}, {}, 100);
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator));
  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.workers()).toHaveLength(1);
  });

  machine.powerCut();
  await booting;

  expect(emulator.workers()).toMatchObject([{state: 'running'}]);
  await eventually(() => {
    expect(emulator.workers()).toEqual([]);
  });
});

test('a worker whose row was deleted comes back only if its unit restarts', async () => {
  await using world = await start({heartbeatMs: 1000}, {}, 20);
  const {emulator, boot, lines} = world;
  const restarted = droplet(
    userData(emulator, {unit: ['Restart=always', 'RestartSec=1']}),
    'again',
  );
  const down = droplet(userData(emulator, {unit: ['Restart=on-failure']}), 'down');
  const booting = [boot(restarted), boot(down)];
  await eventually(() => {
    expect(emulator.workers()).toHaveLength(2);
  });

  await using ssh = await login(emulator);
  await ssh.run('delete-worker', {name: 'again', team: ''});
  await ssh.run('delete-worker', {name: 'down', team: ''});
  await eventually(() => {
    expect(lines.filter((line) => line.includes('exited with 0'))).toHaveLength(2);
    expect(emulator.workers().map(({name}) => name)).toEqual(['again']);
  });

  restarted.powerCut();
  down.powerCut();
  await Promise.all(booting);
});

test('a unit that restarts too often switches the machine off when it says so', async () => {
  await using world = await start({heartbeatMs: 100}, {}, 20);
  const {emulator, boot} = world;
  const limits = '[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=1h\nStartLimitAction=poweroff';
  const machine = droplet(userData(emulator, {unit: ['Restart=always', 'RestartSec=1', limits]}));
  const booting = boot(machine);
  await using ssh = await login(emulator);

  await eventually(async () => {
    await ssh.run('delete-worker', {name: machine.name, team: ''});
    expect(machine.off.aborted).toBe(true);
  });
  await booting;
});

test('it connects again five seconds after an error, and when the TSA drops it', async () => {
  await using world = await start(
    {faults: [{method: 'POST', path: '/api/v1/workers', kind: 'status', status: 500, times: 1}]},
    {},
    100,
  );
  const {emulator, boot, lines} = world;
  const machine = droplet(userData(emulator));
  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.workers()).toHaveLength(1);
  });

  emulator.dropTsaConnections();
  await eventually(() => {
    expect(emulator.tsaRequests).toHaveLength(2);
  });

  expect(lines).toEqual(['beacon: the connection to the TSA was lost']);
  machine.powerCut();
  await booting;
});

test('a wrong host key, an unknown key and a closed port never register', async () => {
  await using wrong = await start({tsaWrongHostKey: true}, {}, 100);
  await using unknown = await start({workerKeyUnauthorized: true}, {}, 100);
  await using closed = await start({tsaClosed: true}, {}, 100);

  for (const {emulator, boot, lines} of [wrong, unknown, closed]) {
    const machine = droplet(userData(emulator));
    const booting = boot(machine);
    await eventually(() => {
      expect(lines.length).toBeGreaterThanOrEqual(2);
    });
    expect(emulator.workers()).toEqual([]);
    expect(emulator.tsaRequests.every(({command}) => command === undefined)).toBe(true);
    machine.powerCut();
    await booting;
  }
});

test('its timer switches the machine off', async () => {
  await using world = await start({}, {}, 1000);
  const {emulator, boot, lines, clock} = world;
  const machine = droplet(userData(emulator, {timer: '1min 30s'}));
  const poweredOnAt = clock.now();

  const booting = boot(machine);
  await once(machine.off, 'abort');
  await booting;

  expect(clock.now() - poweredOnAt).toBeGreaterThanOrEqual(89_000);
  expect(lines).toContain('its time is over, switching off');
});

test('a time to live of more than 24 days does not switch it off at once', async () => {
  await using world = await start();
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator, {timer: '60d'}));
  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.workers()).toHaveLength(1);
  });

  expect(machine.off.aborted).toBe(false);
  machine.powerCut();
  await booting;
});

test('the timer works although the worker cannot start', async () => {
  await using world = await start({}, {}, 1000);
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator, {timer: '60', keyMode: '0644'}));

  await expect(boot(machine)).rejects.toThrow('may be read by others');
  await once(machine.off, 'abort');
});

test('failBootstrap switches off after the boot, neverConnect stays silent', async () => {
  await using failing = await start({}, {failBootstrap: true});
  await using silent = await start({}, {neverConnect: true});
  const failed = droplet(userData(failing.emulator));
  const alone = droplet(userData(silent.emulator));

  await failing.boot(failed);
  const booting = silent.boot(alone);
  await new Promise((resolve) => {
    setTimeout(resolve, 60);
  });

  expect(failed.off.aborted).toBe(true);
  expect(failing.emulator.tsaRequests).toEqual([]);
  expect(silent.emulator.tsaRequests).toEqual([]);
  alone.powerCut();
  await booting;
});

test('a hung machine stays connected and never registers', async () => {
  await using world = await start({}, {hangAfterMs: 0});
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator));
  const booting = boot(machine);
  await eventually(() => {
    expect(emulator.tsaRequests).toHaveLength(1);
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });

  expect(emulator.workers()).toEqual([]);
  machine.powerCut();
  await booting;
});

test('a machine that hangs later stalls although it stays connected', async () => {
  await using world = await start({}, {hangAfterMs: 30_000}, 200);
  const {emulator, boot} = world;
  const machine = droplet(userData(emulator, {environment: {CONCOURSE_EPHEMERAL: 'false'}}));
  const booting = boot(machine);

  await eventually(() => {
    expect(emulator.workers()).toMatchObject([{state: 'running'}]);
  });
  await eventually(() => {
    expect(emulator.workers()).toMatchObject([{state: 'stalled'}]);
  }, 10_000);
  expect(emulator.tsaRequests).toMatchObject([{exit: undefined}]);
  machine.powerCut();
  await booting;
});

test('many droplets register at once', async () => {
  await using world = await start({}, {}, 100);
  const {emulator, boot} = world;
  const machines = Array.from({length: 30}, (_, n) => droplet(userData(emulator), `many-${n}`));
  const booting = machines.map(async (machine) => boot(machine));

  await eventually(() => {
    expect(emulator.workers().filter(({state}) => state === 'running')).toHaveLength(30);
  }, 10_000);

  for (const machine of machines) {
    machine.powerCut();
  }

  await Promise.all(booting);
});
