import {expect, test} from '@jest/globals';
import type {ConcourseOptions} from '../../../src/emulator/concourse/options.js';
import {startConcourse} from '../../../src/emulator/concourse/server.js';
import {callAs} from './atc-client.js';
import {manualClock} from './manual-clock.js';

async function start(options: ConcourseOptions = {}) {
  const clock = manualClock();
  const emulator = await startConcourse({clock, options});
  const states = () => Object.fromEntries(emulator.workers().map(({name, state}) => [name, state]));
  return {
    emulator,
    states,
    /** Second by second, as the timer would. */
    pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        clock.pass(1);
        emulator.workers();
      }

      return states();
    },
    [Symbol.asyncDispose]: emulator.close,
  };
}

test('a running worker without heartbeats stalls at the first GC pass after its ttl', async () => {
  await using world = await start();
  world.emulator.addWorker({name: 'w'}, 60_000);

  expect(world.pass(60)).toEqual({w: 'running'});
  expect(world.pass(41)).toEqual({w: 'stalled'});
  expect(world.pass(600)).toEqual({w: 'stalled'});
});

test('an ephemeral worker vanishes instead, in whatever state', async () => {
  await using world = await start();
  world.emulator.addWorker({name: 'running', ephemeral: true}, 60_000);
  world.emulator.addWorker({name: 'busy', ephemeral: true, state: 'retiring'}, 60_000);
  world.emulator.setUnfinishedContainers('busy', 1);

  expect(world.pass(60)).toEqual({running: 'running', busy: 'retiring'});
  expect(world.pass(41)).toEqual({});
});

test('landing ends in landed, without addresses', async () => {
  await using world = await start();
  world.emulator.addWorker({name: 'w', state: 'landing'});

  expect(world.pass(41)).toEqual({w: 'landed'});
  expect(world.emulator.workers()).toMatchObject([{addr: '', baggageclaim_url: ''}]);
});

test('unfinished builds hold up retiring and landing until they end', async () => {
  await using world = await start();
  world.emulator.addWorker({name: 'r', state: 'retiring'});
  world.emulator.addWorker({name: 'l', state: 'landing'});
  world.emulator.setUnfinishedContainers('r', 2);
  world.emulator.setUnfinishedContainers('l', 1);

  expect(world.pass(600)).toEqual({r: 'retiring', l: 'landing'});
  world.emulator.setUnfinishedContainers('r', 0);
  world.emulator.setUnfinishedContainers('l', 0);
  expect(world.pass(41)).toEqual({l: 'landed'});
});

test('a heartbeat moves the expiry and a registration makes a stalled worker run again', async () => {
  await using world = await start();
  const system = await callAs(world.emulator, 'system');
  world.emulator.addWorker({name: 'w'}, 60_000);

  world.pass(50);
  await system('PUT', '/api/v1/workers/w/heartbeat?ttl=1m0s', {});
  expect(world.pass(55)).toEqual({w: 'running'});
  expect(world.pass(60)).toEqual({w: 'stalled'});
  await system('POST', '/api/v1/workers?ttl=1m0s', {name: 'w', addr: 'a:1'});
  expect(world.states()).toEqual({w: 'running'});
});

test('GC interval and ttl are switches', async () => {
  await using world = await start({gcMs: 2000, componentMs: 1000});
  world.emulator.addWorker({name: 'w'}, 1000);

  expect(world.pass(5)).toEqual({w: 'stalled'});
});
