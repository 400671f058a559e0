import {expect, test} from '@jest/globals';
import {compareVersions, isCompatible} from '../../src/concourse/version.js';

test.each([
  ['6.1.0', '6.0.9', 1],
  ['6.10.0', '6.9.9', 1],
  ['8.2.5', '8.2.5', 0],
  ['8.2', '8.2.0', 0],
  ['7.14.3', '8.0.0', -1],
  ['0.0.0-dev', '99.0.0', 1],
  ['8.3.0-rc.1', '8.3.0', 0],
])('%s against %s is %i', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

test.each([
  ['2.5', '2.5', true],
  ['2.6', '2.5', true],
  ['2.4', '2.5', false],
  ['3.0', '2.5', false],
  ['', '2.5', false],
])('a worker of %j gets work from a web of %s: %s', (worker, web, expected) => {
  expect(isCompatible(worker, web)).toBe(expected);
});
