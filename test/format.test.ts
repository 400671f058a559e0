import {expect, test} from '@jest/globals';
import {duration, money, timeline, workerTable} from '../src/format.js';

test.each([
  [0, '0s'],
  [59, '59s'],
  [60, '1m'],
  [3599, '59m'],
  [3660, '1h01m'],
  [90_000, '1d1h'],
])('%i seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [null, '?'],
  [0.02679, '$0.02679'],
  [0.1072, '$0.1072'],
  [1.5, '$1.50'],
  [24, '$24.00'],
])('an amount of %s is %s', (amount, text) => {
  expect(money(amount)).toBe(text);
});

test('a timeline adds up', () => {
  expect(timeline({plan: 0.04, active: 31.2})).toBe('plan 0.0 s, active 31.2 s: 31.2 s in all');
});

test('a table shows what is unknown as unknown', () => {
  const table = workerTable([
    {
      name: 'a-b1-abcdefgh',
      workerName: 'a',
      run: 'b1',
      kind: 'concourse',
      ciId: '01234567',
      id: 1,
      region: 'ams3',
      size: 's-1vcpu-1gb',
      ip: null,
      dropletStatus: 'new',
      workerState: null,
      createdAt: '2026-01-01T00:00:00Z',
      ageSeconds: 5,
      ttlSeconds: null,
      ttlLeftSeconds: null,
      priceHourly: null,
      worstCost: null,
    },
  ]);

  expect(table.split('\n')[1]).toMatch(
    /^a-b1-abcdefgh\s+b1\s+1\s+ams3\s+s-1vcpu-1gb\s+-\s+5s\s+\?\s+\?\s+\?\s+new\s+not listed$/v,
  );
});
