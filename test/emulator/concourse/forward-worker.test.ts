import {expect, test} from '@jest/globals';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {callAs} from './atc-client.js';
import {eventually} from './eventually.js';
import {manualClock} from './manual-clock.js';
import {collect, forward, forwardPorts, forwardWorker, login, workerJson} from './ssh-client.js';

async function start(options: ConcourseOptions = {}) {
  const clock = manualClock();
  const emulator = await startConcourse({clock, options: {teamKeys: ['dev'], ...options}});
  return {
    clock,
    emulator,
    state: () => emulator.workers()[0]?.state,
    pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        clock.pass(1);
        emulator.workers();
      }
    },
    [Symbol.asyncDispose]: emulator.close,
  };
}

type Started = Awaited<ReturnType<typeof start>>;

/** A worker that is registered and sees its events. */
async function register({emulator}: Started, more: Record<string, unknown> = {}) {
  const ssh = await login(emulator);
  await forwardPorts(ssh);
  const channel = await ssh.exec(forwardWorker);
  let output = '';
  channel.on('data', (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  const ended = collect(channel);
  channel.write(JSON.stringify(workerJson('w', more)));
  await eventually(() => {
    expect(output).toContain('registered');
  });
  return {ssh, channel, ended, events: () => output.trim().split('\n')};
}

test('a worker registers with what it said, behind addresses of the gateway', async () => {
  await using world = await start();

  const {ssh, events} = await register(world, {start_time: 7, ephemeral: true, team: 'dev'});
  await using _ssh = ssh;

  expect(events()).toEqual(['{"event":"registered"}']);
  expect(world.emulator.workers()).toMatchObject([
    {
      name: 'w',
      tags: ['t'],
      team: 'dev',
      version: '3.0',
      start_time: 7,
      ephemeral: true,
      state: 'running',
      addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/v),
      baggageclaim_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/v),
      expiresAt: world.clock.now() + 60_000,
    },
  ]);
});

test('heartbeats keep it running, and are told', async () => {
  await using world = await start();
  const {ssh, events} = await register(world);
  await using _ssh = ssh;

  world.pass(600);

  expect(world.state()).toBe('running');
  await eventually(() => {
    expect(events()).toContain('{"event":"heartbeated"}');
  });
});

test('a lost connection leaves the row to expire', async () => {
  await using world = await start();
  const {ssh} = await register(world);

  ssh.client.destroy();
  await eventually(() => {
    world.pass(10);
    expect(world.state()).toBe('stalled');
  });
});

test('dropped connections end the command without an exit status', async () => {
  await using world = await start();
  const {ended} = await register(world);

  world.emulator.dropTsaConnections();

  expect(await ended).toMatchObject({exit: undefined});
  expect(world.emulator.tsaRequests).toMatchObject([{exit: undefined}]);
});

test('a deleted row ends it with exit 0 at the next heartbeat and does not come back', async () => {
  await using world = await start();
  const {ssh, ended} = await register(world);
  await using _ssh = ssh;
  await using other = await login(world.emulator);

  await other.run('delete-worker', {name: 'w', team: ''});
  world.pass(31);

  expect(await ended).toMatchObject({exit: 0});
  expect(world.emulator.workers()).toEqual([]);
});

test('a landed worker ends it with exit 0, a retired one when it is gone', async () => {
  await using landing = await start();
  await using retiring = await start();
  const landed = await register(landing);
  const retired = await register(retiring);
  await using _one = landed.ssh;
  await using _two = retired.ssh;
  await using lander = await login(landing.emulator);
  await using retirer = await login(retiring.emulator);

  await lander.run('land-worker', {name: 'w', team: ''});
  await retirer.run('retire-worker', {name: 'w', team: ''});
  landing.pass(80);
  retiring.pass(80);

  expect([(await landed.ended).exit, (await retired.ended).exit]).toEqual([0, 0]);
  expect([landing.state(), retiring.state()]).toEqual(['landed', undefined]);
});

test('heartbeats keep a retiring worker retiring, so that prune works at once', async () => {
  await using world = await start();
  const {ssh} = await register(world);
  await using _ssh = ssh;
  world.emulator.setUnfinishedContainers('w', 1);
  const call = await callAs(world.emulator, 'test');

  await call('PUT', '/api/v1/workers/w/retire', {name: 'w', team: ''});
  world.pass(300);
  expect(world.state()).toBe('retiring');
  expect((await call('PUT', '/api/v1/workers/w/prune')).status).toBe(200);
});

test('any signal ends it with exit 0, the row stays, also after the end of stdin', async () => {
  await using world = await start();
  const {ssh, channel, ended} = await register(world);
  await using _ssh = ssh;

  (channel as unknown as {eof(): void}).eof();
  const {_protocol} = ssh.client as unknown as {
    _protocol: {signal(id: number, name: string): void};
  };
  _protocol.signal((channel as unknown as {outgoing: {id: number}}).outgoing.id, 'INT');

  expect(await ended).toMatchObject({exit: 0});
  expect(world.state()).toBe('running');
});

test('without forwards it gives up after ten seconds for each, silently', async () => {
  await using world = await start();
  await using ssh = await login(world.emulator);
  await forward(ssh.client, 7777);

  const result = ssh.run(forwardWorker, workerJson('w'));
  const passing = setInterval(() => {
    world.pass(1);
  }, 2);
  const startedAt = world.clock.now();
  const {exit, output} = await result.finally(() => {
    clearInterval(passing);
  });

  expect({exit, output}).toEqual({exit: 1, output: ''});
  expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(9000);
  expect(world.emulator.workers()).toEqual([]);
});

test('forwards of other addresses than the named ones are a silent exit 1', async () => {
  await using world = await start();
  await using ssh = await login(world.emulator);
  await forward(ssh.client, 1111);
  await forward(ssh.client, 2222);

  expect(await ssh.run(forwardWorker, workerJson('w'))).toEqual({exit: 1, output: ''});
});

test('a team key registers workers of its team only', async () => {
  await using world = await start();
  await using ssh = await login(world.emulator, {privateKey: world.emulator.teamKeys.dev!});
  await forwardPorts(ssh);

  expect(await ssh.run(forwardWorker, workerJson('w'))).toEqual({exit: 1, output: ''});
  expect(await ssh.run(forwardWorker, workerJson('w', {team: 'main'}))).toEqual({
    exit: 1,
    output: '',
  });
  const channel = await ssh.exec(forwardWorker);
  channel.write(JSON.stringify(workerJson('w', {team: 'dev'})));
  await eventually(() => {
    expect(world.emulator.workers()).toMatchObject([{name: 'w', team: 'dev'}]);
  });
});

test('an unknown team is tried again every second, for ever', async () => {
  await using world = await start();
  await using ssh = await login(world.emulator);
  await forwardPorts(ssh);
  const channel = await ssh.exec(forwardWorker);
  const ended = collect(channel);
  channel.write(JSON.stringify(workerJson('w', {team: 'nobodys'})));

  await eventually(() => {
    expect(world.emulator.tsaRequests).toHaveLength(1);
  });
  world.pass(100);
  // What comes over the same connection later shows that an end would have come by now.
  await ssh.run('sweep-containers', workerJson('w'));
  world.pass(100);
  await ssh.run('sweep-containers', workerJson('w'));

  expect(world.emulator.workers()).toEqual([]);
  expect(world.emulator.tsaRequests[0]).toMatchObject({exit: undefined});
  channel.signal('INT');
  expect(await ended).toMatchObject({exit: 0, output: ''});
});

test('a registration that the ATC refused is repeated until it works', async () => {
  await using world = await start({
    faults: [{method: 'POST', path: '/api/v1/workers', kind: 'status', status: 502, times: 2}],
  });
  await using ssh = await login(world.emulator);
  await forwardPorts(ssh);
  const channel = await ssh.exec(forwardWorker);
  channel.write(JSON.stringify(workerJson('w')));

  await eventually(() => {
    world.pass(1);
    expect(world.state()).toBe('running');
  });
});

test('a worker that answers no ping never registers', async () => {
  await using world = await start();
  await using ssh = await login(world.emulator);
  await forwardPorts(ssh, false);
  const channel = await ssh.exec(forwardWorker);
  channel.write(JSON.stringify(workerJson('w')));

  await eventually(() => {
    expect(world.emulator.tsaRequests).toHaveLength(1);
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  world.pass(60);

  expect(world.emulator.workers()).toEqual([]);
});

test('registerDelayMs delays the row, registerVersion changes its version', async () => {
  await using world = await start({registerDelayMs: 20_000, registerVersion: '2.4'});
  await using ssh = await login(world.emulator);
  await forwardPorts(ssh);
  const channel = await ssh.exec(forwardWorker);
  channel.write(JSON.stringify(workerJson('w')));
  await eventually(() => {
    expect(world.emulator.tsaRequests).toHaveLength(1);
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });

  world.pass(19);
  expect(world.emulator.workers()).toEqual([]);
  await eventually(() => {
    world.pass(1);
    expect(world.emulator.workers()).toMatchObject([{name: 'w', version: '2.4'}]);
  });
});
