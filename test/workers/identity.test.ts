import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {longestRunKey, newDropletName, runKeyIn} from '../../src/workers/identity.js';
import {nameProblems} from '../../src/workers/plan.js';

// Few letters, so that names begin alike.
const label = fc
  .string({unit: fc.constantFrom('a', 'B', '7', '-'), minLength: 1, maxLength: 63})
  .filter((text) => !text.startsWith('-') && !text.endsWith('-'));
const key = fc.string({unit: fc.constantFrom('b', '1'), minLength: 1, maxLength: 40});
const limit = fc.constantFrom(38, 63);

test('a droplet name is a label within the limit, from which the run key is read back', () => {
  fc.assert(
    fc.property(label, key, limit, (workerName, longKey, longest) => {
      const runKey = longKey.slice(0, longestRunKey(workerName, longest));

      const name = newDropletName(workerName, runKey, longest);

      expect(nameProblems(workerName, runKey, longest)).toEqual([]);
      expect(name.length).toBeLessThanOrEqual(longest);
      expect(name).toMatch(/^[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?$/v);
      expect(runKeyIn(name, workerName)).toBe(runKey);
      expect(runKeyIn(name.toUpperCase(), workerName.toUpperCase())).toBe(runKey);
    }),
  );
});

test('a droplet is of no other worker name, however much of it they share', () => {
  fc.assert(
    fc.property(label, label, key, limit, (one, other, longKey, longest) => {
      fc.pre(one.toLowerCase() !== other.toLowerCase());
      const name = newDropletName(one, longKey.slice(0, longestRunKey(one, longest)), longest);

      expect(runKeyIn(name, other)).toBeUndefined();
      expect(runKeyIn(name, `${one}x`)).toBeUndefined();
      expect(runKeyIn(name, one.slice(0, -1))).toBeUndefined();
      // What a list of workers shows of it is no name of this droplet either, unless it is the name.
      const stem = name.split('-').slice(0, -2).join('-');
      expect(runKeyIn(name, stem) === undefined).toBe(stem !== one.toLowerCase());
    }),
  );
});

test('only a name with no room is cut, to its beginning and a mark', () => {
  const name = (workerName: string) => newDropletName(workerName, 'b7', 38);

  expect(name('n'.repeat(26))).toMatch(/^n{26}-b7-[a-z0-9]{8}$/v);
  expect(name('n'.repeat(27))).toMatch(/^n{18}--[a-f0-9]{6}-b7-[a-z0-9]{8}$/v);
  expect(name('n'.repeat(28)).slice(0, 26)).not.toBe(name('n'.repeat(27)).slice(0, 26));
});

test('neither a beginning alone nor a wrong mark makes a droplet ours', () => {
  const workerName = 'integration-tests-arm64';
  const cut = newDropletName(workerName, 'rbamw9', 38);
  const {mark} = /--(?<mark>[a-f0-9]{6})-rbamw9-/v.exec(cut)!.groups!;

  expect(runKeyIn(cut.replace(mark!, '000000'), workerName)).toBeUndefined();
  expect(runKeyIn(cut.replace(`--${mark!}`, ''), workerName)).toBeUndefined();
  expect(runKeyIn('integration-rbamw9-abcdefgh', workerName)).toBeUndefined();
  expect(runKeyIn(`--${mark!}-rbamw9-abcdefgh`, workerName)).toBeUndefined();
});
