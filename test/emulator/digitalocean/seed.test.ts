import {expect, test} from '@jest/globals';
import {emulatorSwitches} from '../../../src/emulator/options.js';
import {parseSeed} from '../../../src/emulator/seed.js';
import {switchProblem} from '../../../src/emulator/switches.js';
import {start} from './start.js';

test('reads a seed that an emulator can start with', async () => {
  const seed = parseSeed({
    droplets: [{name: 'database', tags: ['prod'], size: 'tiny', region: 'moon1', ageSeconds: 60}],
    tags: ['prod'],
    catalogue: {
      sizes: [{slug: 'tiny', memory: 512, regions: ['moon1']}],
      regions: [{slug: 'moon1', name: 'Moon 1'}],
    },
    switches: {dropletLimit: 3, bootMs: 10, soldOut: ['c-2']},
    faults: [{path: '/v2/account', kind: 'status', status: 503}],
  });

  const {switches, ...rest} = seed;
  await using api = await start({seed: rest, ...switches});

  expect((await api.get('/v2/droplets')).body.droplets[0]).toMatchObject({
    name: 'database',
    size_slug: 'tiny',
    region: {slug: 'moon1', sizes: ['tiny']},
  });
  expect((await api.get('/v2/account')).status).toBe(503);
  expect(api.settings.dropletLimit).toBe(3);
});

test('names everything that is wrong with a seed at once', () => {
  const seed = {
    droplets: [
      {name: 'a_b', tags: ['x.y'], size: 's-9', region: 'mars', image: 'none', colour: 'red'},
      7,
    ],
    keys: [{name: 'laptop'}],
    switches: {dropletLimit: 'many', dropTags: 1, nothing: true},
    faults: [{path: '/', kind: 'maybe'}],
    pets: [],
  };

  expect(() => parseSeed(seed)).toThrow(
    expect.objectContaining({
      problems: expect.arrayContaining([
        expect.stringMatching(/^seed\.droplets\[0\]\.name must be a hostname/v),
        expect.stringMatching(/^seed\.droplets\[0\]\.tags may hold/v),
        expect.stringMatching(/^seed\.droplets\[0\]\.size must be a size/v),
        expect.stringMatching(/^seed\.droplets\[0\]\.region must be a region/v),
        expect.stringMatching(/^seed\.droplets\[0\]\.image must be an image/v),
        'seed.droplets[0].colour is not known',
        'seed.droplets[1] must be an object',
        'seed.keys[0].publicKey is missing',
        'seed.switches.dropletLimit must be an integer',
        'seed.switches.dropTags must be true or false',
        'seed.switches.nothing is not known',
        expect.stringMatching(/^seed\.faults\[0\]\.kind must be one of/v),
        'seed.pets is not known',
      ]),
    }),
  );
});

test('lists every switch once, with a default of its kind and a sentence', () => {
  const names = emulatorSwitches.map(({name}) => name);

  expect(new Set(names).size).toBe(names.length);
  for (const each of emulatorSwitches) {
    expect([each.name, switchProblem(each, each.default)]).toEqual([each.name, undefined]);
    expect(each.summary).toMatch(/^\S.{8,}[^.]$/v);
  }
});
