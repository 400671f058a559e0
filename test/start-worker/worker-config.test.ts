import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {isObject} from '../../src/start-worker/pick.js';
import {implementationKey, readPoolConfig} from '../../src/start-worker/pool-config.js';
import {merge, setKey, type Json, type JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';

const {json, object} = fc.letrec<{json: Json; object: JsonObject}>((tie) => ({
  json: fc.oneof(
    {maxDepth: 3},
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({maxLength: 3}),
    fc.array(tie('json'), {maxLength: 3}),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), fc.string({maxLength: 3})),
    tie('json'),
    {maxKeys: 4, noNullPrototype: true},
  ),
}));
const text = (value: Json) => JSON.stringify(value);

test.each<[Json, Json, Json]>([
  [[1], [2], [1, 2]],
  [{x: 1}, {y: 2}, {x: 1, y: 2}],
  [{x: {y: 1}}, {x: {z: 2}}, {x: {y: 1, z: 2}}],
  [{x: 1}, [2], [2]],
  [[1], {x: 2}, {x: 2}],
  ['a', 'b', 'b'],
  [1, null, null],
  [null, 1, 1],
])('%j and then %j make %j', (low, high, both) => {
  expect(merge({key: low}, {key: high})).toEqual({key: both});
});

test('what is absent changes nothing', () => {
  expect(merge(undefined, undefined)).toEqual({});
  expect(merge({a: 1}, undefined)).toEqual({a: 1});
  expect(merge(undefined, {a: 1})).toEqual({a: 1});
});

test('merging changes neither side, and has every key of both', () => {
  fc.assert(
    fc.property(object, object, (low, high) => {
      const before = text([low, high]);

      const merged = merge(low, high);

      expect(text([low, high])).toBe(before);
      expect(new Set(Object.keys(merged))).toEqual(
        new Set([...Object.keys(low), ...Object.keys(high)]),
      );
    }),
  );
});

test('what only one side has is kept, and of all but two objects or two arrays the higher wins', () => {
  fc.assert(
    fc.property(object, object, (low, high) => {
      const merged = merge(low, high);

      for (const [key, value] of Object.entries(merged)) {
        const [below, above] = [low, high].map((side) =>
          Object.hasOwn(side, key) ? side[key] : undefined,
        );
        const kinds = [below, above].map((side) => Array.isArray(side) || isObject(side));
        if (!kinds.every(Boolean)) {
          expect(text(value)).toBe(text(above === undefined ? below! : above));
        }
      }

      expect(text(merge(low, {}))).toBe(text(low));
      expect(text(merge({}, low))).toBe(text(low));
    }),
  );
});

test('no key reaches the prototype of an object', () => {
  const evil = JSON.parse(
    '{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 1}}}',
  ) as JsonObject;

  const merged = merge(merge({a: {}}, evil), evil);
  const set = setKey(setKey(merged, '__proto__.more', 1), 'constructor.prototype.more', 1);

  const innocent: JsonObject = {};
  expect(innocent.polluted).toBeUndefined();
  expect(innocent.more).toBeUndefined();
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  expect((merged.a as JsonObject).polluted).toBeUndefined();
  expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
  expect(Object.keys(set)).toEqual(['a', '__proto__', 'constructor']);
});

test('sets a value on a path, and makes objects on the way', () => {
  expect(setKey({p: true, x: {q: true}}, 'x.y.z', 'new')).toEqual({
    p: true,
    x: {q: true, y: {z: 'new'}},
  });
  expect(setKey({x: {y: 1}}, 'x', null)).toEqual({x: null});
});

test.each([
  [{x: 1}, 'x.y', 'x is not an object in existing config'],
  [{x: {y: ['a']}}, 'x.y.z', 'x.y is not an object in existing config'],
  [{x: null}, 'x.y', 'x is not an object in existing config'],
  [{}, '', 'must specify a nonempty key'],
])('setting %j at "%s" fails: %s', (config, key, message) => {
  expect(() => setKey(config, key, 1)).toThrow(message);
});

test('setting changes that key only, and not the configuration it was given', () => {
  const name = fc.string({minLength: 1, maxLength: 3}).filter((part) => !part.includes('.'));
  fc.assert(
    fc.property(
      object,
      fc.array(name, {minLength: 1, maxLength: 3}),
      json,
      (config, path, value) => {
        fc.pre(!Object.hasOwn(config, path[0]!));
        const before = text(config);

        const set = setKey(config, path.join('.'), value);

        const {[path[0]!]: added, ...rest} = set;
        let found = added!;
        for (const part of path.slice(1)) {
          found = (found as JsonObject)[part]!;
        }

        expect(text(config)).toBe(before);
        expect(text(rest)).toBe(before);
        expect(text(found)).toBe(text(value));
      },
    ),
  );
});

function read(value: Json | undefined, implementation = 'generic-worker') {
  const log = collectLog();
  return {...readPoolConfig(value, implementation, log), log};
}

test('knows the name of a worker in a pool', () => {
  expect(implementationKey('generic-worker')).toBe('genericWorker');
  expect(implementationKey('docker-worker')).toBe('dockerWorker');
  expect(implementationKey('dummy')).toBe('dummy');
});

test('a pool may have configuration and files for the worker', () => {
  const file = {description: 'd', path: '/p', content: 'aA==', encoding: 'base64', format: 'file'};

  expect(read({genericWorker: {config: {a: 1}, files: [file]}})).toMatchObject({
    config: {a: 1},
    files: [file],
  });
  expect(read({dockerWorker: {}}, 'docker-worker')).toMatchObject({config: {}, files: []});
  expect(read({genericWorker: {config: null, files: null}})).toMatchObject({config: {}, files: []});
});

test.each([[{a: 1}], [{}], [{dockerWorker: {config: {}}}]])(
  '%j is configuration as a whole',
  (value) => {
    const {config, files, log} = read(value);

    expect(config).toEqual(value);
    expect(files).toEqual([]);
    expect(log.lines).toEqual([]);
  },
);

test('with two names a pool falls into the old form, which is told', () => {
  const value = {genericWorker: {config: {a: 1}}, dockerWorker: {config: {}}};

  const {config, log} = read(value);

  expect(config).toEqual(value);
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toContain('genericWorker');
});

test.each<[Json, string]>([
  ['hush', 'workerConfig should be an object, got string'],
  [{genericWorker: ['hush']}, 'genericWorker should be an object, got array'],
  [{genericWorker: {config: 1}}, 'genericWorker.config should be an object, got number'],
  [{genericWorker: {files: {}}}, 'genericWorker.files should be an array, got object'],
  [{genericWorker: {files: ['hush']}}, 'genericWorker.files[0] should be an object, got string'],
  [
    {genericWorker: {files: [{}, {path: 1}]}},
    'genericWorker.files[1].path should be a string, got number',
  ],
])('refuses %j', (value, message) => {
  expect(() => read(value)).toThrow(`while parsing workerConfig from worker-manager: ${message}`);
});
