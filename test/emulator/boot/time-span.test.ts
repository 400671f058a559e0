import {expect, test} from '@jest/globals';
import {timeSpanMs} from '../../../src/emulator/boot/time-span.js';

for (const [text, ms] of [
  ['90', 90_000],
  ['7200s', 7_200_000],
  ['2h 30min', 9_000_000],
  ['1d12h', 129_600_000],
  ['1.5min', 90_000],
  ['100ms', 100],
  ['soon', undefined],
  ['1 fortnight', undefined],
  ['', undefined],
] as const) {
  test(`"${text}" is ${ms ?? 'no time span'}`, () => {
    expect(timeSpanMs(text)).toBe(ms);
  });
}
