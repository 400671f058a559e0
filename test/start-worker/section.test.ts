import {expect, test} from '@jest/globals';
import {Section} from '../../src/start-worker/section.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';

const provider = (fields: JsonObject) => new Section('provider', fields);
const worker = (fields: JsonObject) => new Section('worker', fields);

test('gives strings and objects as they are', () => {
  const section = provider({rootURL: 'https://tc', empty: '', where: {zone: 1}});

  expect(section.string('rootURL')).toBe('https://tc');
  expect(section.string('empty')).toBe('');
  expect(section.optionalString('rootURL')).toBe('https://tc');
  expect(section.optionalObject('where')).toEqual({zone: 1});
});

test('has nothing to say of optional fields that are absent', () => {
  expect(provider({}).optionalString('rootURL')).toBeUndefined();
  expect(provider({}).optionalObject('where')).toBeUndefined();
});

test('names the field that is not there', () => {
  expect(() => provider({}).string('rootURL')).toThrow(
    /^configuration value `provider\.rootURL` not found$/v,
  );
  expect(() => worker({path: 'hush'}).string('configPath')).toThrow(
    /^configuration value `worker\.configPath` not found$/v,
  );
});

test('does not take what every object has for a field', () => {
  expect(() => provider({}).string('constructor')).toThrow('not found');
  expect(provider({}).optionalObject('__proto__')).toBeUndefined();
});

test.each([
  [5, 'number'],
  [true, 'boolean'],
  [null, 'null'],
  [['hush'], 'array'],
  [{hush: 'hush'}, 'object'],
])('takes no %j for a string, and shows nothing of it', (value, type) => {
  expect(() => provider({id: value}).string('id')).toThrow(
    /^configuration value `provider\.id` should have type string$/v,
  );
  expect(() => worker({id: value}).optionalString('id')).toThrow(
    new RegExp(`^configuration value \`worker\\.id\` should have type string, got ${type}$`, 'v'),
  );
});

test.each([['hush'], [null], [['hush']]])('takes no %j for an object', (value) => {
  expect(() => provider({place: value}).optionalObject('place')).toThrow(
    /^configuration value `provider\.place` should have type object$/v,
  );
});
