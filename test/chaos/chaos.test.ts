import {expect, test} from '@jest/globals';
import {describeResult} from './describe.js';
import {playMany} from './play.js';

const runs = 300;
const seed = 1;

test(`${runs} random sequences from seed ${seed} leak nothing and harm nothing`, async () => {
  const {failures, sequences, kills} = await playMany({seed, runs});

  expect(failures.map((failure) => describeResult(failure, 'npm run chaos --')).join('\n')).toBe(
    '',
  );
  expect(sequences).toBe(runs);
  expect(kills).toBeGreaterThan(runs / 10);
}, 600_000);
