import {expect, test} from '@jest/globals';
import type {ClientChannel} from 'ssh2';
import {createClock} from '../../../src/emulator/clock.js';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {collect, login} from './ssh-client.js';

const profiles = ['current', 'legacy'] as const;
const start = async (options: ConcourseOptions = {}) =>
  startConcourse({clock: createClock(), options: {teamKeys: ['dev'], teams: ['ops'], ...options}});
const silent = (exit: number) => ({exit, output: ''});

for (const profile of profiles) {
  for (const team of ['', 'dev']) {
    test(`${profile}: land, retire and delete act on a worker of team "${team}"`, async () => {
      await using emulator = await start({profile});
      emulator.addWorker({name: 'w', team});
      await using ssh = await login(emulator);
      const state = () => emulator.workers()[0]?.state;

      expect(await ssh.run('land-worker', {name: 'w', team})).toEqual(silent(0));
      expect(state()).toBe('landing');
      expect(await ssh.run('retire-worker', {name: 'w', team})).toEqual(silent(0));
      expect(state()).toBe('retiring');
      expect(await ssh.run('delete-worker', {name: 'w', team})).toEqual(silent(0));
      expect(state()).toBeUndefined();
    });
  }

  test(`${profile}: delete is immediate in any state`, async () => {
    await using emulator = await start({profile});
    await using ssh = await login(emulator);
    for (const state of ['running', 'stalled', 'landing', 'landed', 'retiring'] as const) {
      emulator.addWorker({name: 'w', state});

      expect(await ssh.run('delete-worker', {name: 'w', team: ''})).toEqual(silent(0));
      expect(emulator.workers()).toEqual([]);
    }
  });

  test(`${profile}: a missing worker: retire is exit 0, land and delete are a silent 1`, async () => {
    await using emulator = await start({profile});
    await using ssh = await login(emulator);
    const missing = {name: 'gone', team: ''};

    expect(await ssh.run('retire-worker', missing)).toEqual(silent(0));
    expect(await ssh.run('land-worker', missing)).toEqual(silent(1));
    expect(await ssh.run('delete-worker', missing)).toEqual(silent(1));
  });

  test(`${profile}: a global key with the wrong team in the JSON`, async () => {
    await using emulator = await start({profile});
    emulator.addWorker({name: 'w', team: 'dev'});
    await using ssh = await login(emulator);
    const exit = profile === 'current' ? 1 : 0;

    expect(await ssh.run('land-worker', {name: 'w'})).toEqual(silent(exit));
    expect(await ssh.run('retire-worker', {name: 'w', team: 'ops'})).toEqual(silent(exit));
    expect(await ssh.run('delete-worker', {name: 'w', team: ''})).toEqual(silent(exit));
    expect(emulator.workers()).toHaveLength(exit);
  });
}

test('a team key acts only when the JSON names its team, and says nothing when it does not', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'w', team: 'dev'});
  await using ssh = await login(emulator, {privateKey: emulator.teamKeys.dev!});

  for (const command of ['retire-worker', 'delete-worker', 'land-worker', 'sweep-containers']) {
    expect(await ssh.run(command, {name: 'w', team: ''})).toEqual(silent(1));
    expect(await ssh.run(command, {name: 'w', team: 'ops'})).toEqual(silent(1));
  }

  expect(emulator.workers()).toMatchObject([{state: 'running'}]);
  expect(await ssh.run('delete-worker', {name: 'w', team: 'dev'})).toEqual(silent(0));
  expect(emulator.tsaRequests.at(-1)).toMatchObject({
    team: 'dev',
    command: 'delete-worker',
    exit: 0,
  });
});

test('sweeps print a list or null and reports nothing; both refuse an empty name', async () => {
  await using emulator = await start();
  emulator.addWorker({name: 'w'});
  await using ssh = await login(emulator);

  for (const what of ['containers', 'volumes']) {
    const known = await ssh.run(`sweep-${what}`, {name: 'w', team: ''});
    expect(known).toEqual({exit: 0, output: '[]'});
    const unknown = await ssh.run(`sweep-${what}`, {name: 'none', team: ''});
    expect(unknown).toEqual({exit: 0, output: 'null'});
    expect(await ssh.run(`sweep-${what}`, {})).toEqual(silent(1));
    expect(await ssh.run(`report-${what} a b`, {name: 'w', team: ''})).toEqual(silent(0));
    expect(await ssh.run(`report-${what}`, {name: '', team: ''})).toEqual(silent(1));
  }
});

test('stdin needs no end and may have something after the object, but must be JSON', async () => {
  await using emulator = await start();
  await using ssh = await login(emulator);
  const channel = await ssh.exec('sweep-containers');
  const result = collect(channel);

  channel.write('{"name":"x","tags":["}');
  channel.write('"],"team":""} and more');

  expect(await result).toEqual({exit: 0, output: 'null'});
  expect(await ssh.run('sweep-containers', 'nonsense')).toEqual(silent(1));
  expect(await ssh.run('sweep-containers', '{"name":')).toEqual(silent(1));
  expect(await ssh.run('sweep-containers', {name: 7})).toEqual(silent(1));
});

test('an unknown command is named on the channel, refused, and the channel stays open', async () => {
  await using emulator = await start();
  await using ssh = await login(emulator);
  const {channel, output, closed} = await execRaw(ssh.client, 'frobnicate  now');

  expect(output()).toBe('invalid command: unknown command: frobnicate');
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
  expect(closed()).toBe(false);
  channel.close();
  expect(emulator.tsaRequests).toMatchObject([{command: 'frobnicate  now', exit: undefined}]);
});

test('a command is split on single spaces: quotes and doubled spaces spoil it', async () => {
  await using emulator = await start();
  await using ssh = await login(emulator);

  const quoted = await execRaw(ssh.client, '"sweep-containers"');
  const flag = await execRaw(ssh.client, 'forward-worker --gardn 0.0.0.0:7777');

  expect(quoted.output()).toBe('invalid command: unknown command: "sweep-containers"');
  expect(flag.output()).toBe('invalid command: flag provided but not defined: -gardn');
});

/** Exec without ssh2's own handling of a refusal, so that the channel can be looked at afterwards. */
async function execRaw(client: Awaited<ReturnType<typeof login>>['client'], command: string) {
  type Channel = ClientChannel & {
    _callbacks: Array<(failed: unknown) => void>;
    outgoing: {id: number};
  };
  type Internals = {
    _chanMgr: {_channels: Record<string, Channel>};
    _protocol: {exec(channel: number, command: string, wantsReply: boolean): void};
    subsys(name: string, done: (error: Error | undefined, channel: Channel) => void): void;
  };
  const internals = client as unknown as Internals;
  const channel = await openSession(internals);
  let text = '';
  let isClosed = false;
  channel.on('data', (chunk: Uint8Array) => {
    text += new TextDecoder().decode(chunk);
  });
  channel.on('close', () => {
    isClosed = true;
  });
  const refused = new Promise((resolve) => {
    channel._callbacks.push(resolve);
  });
  internals._protocol.exec(channel.outgoing.id, command, true);
  expect(await refused).toBeTruthy();
  return {channel, output: () => text, closed: () => isClosed};

  async function openSession({_chanMgr}: Internals): Promise<Channel> {
    // A refused subsystem leaves a plain session channel behind.
    await new Promise((resolve) => {
      internals.subsys('none', resolve);
    });
    return Object.values(_chanMgr._channels).at(-1)!;
  }
}
