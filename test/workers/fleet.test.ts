import {expect, test} from '@jest/globals';
import type {Droplet} from '../../src/digitalocean/types.js';
import {Fleet} from '../../src/workers/fleet.js';

const droplet: Droplet = {
  id: 1,
  name: 'build-arm-b1-abcdefgh',
  status: 'new',
  tags: [],
  created_at: new Date(0).toISOString(),
  region: {slug: 'ams3'},
  size_slug: 's-2vcpu-2gb',
  networks: {v4: []},
};

function fleetOf(each: Droplet): Fleet {
  const fleet = new Fleet({count: 1, min: 1}, undefined, {
    notRegistered: [],
    stillListed: () => [],
  });
  fleet.expect([each]);
  return fleet;
}

test.each([
  ['new', 65],
  ['active', 10],
] as const)(
  'a droplet that is %s is gone when two listings in a row lack it',
  (status, passedSeconds) => {
    const fleet = fleetOf({...droplet, status});

    fleet.seeDroplets([], passedSeconds, 5);
    fleet.seeDroplets([{...droplet, status}], passedSeconds + 5, 5);
    fleet.seeDroplets([], passedSeconds + 10, 5);

    expect(fleet.pending).toHaveLength(1);
    expect(() => {
      fleet.seeDroplets([], passedSeconds + 15, 5);
    }).toThrow(/is gone/v);
  },
);

test('a new droplet may be missing from lists for a minute', () => {
  const fleet = fleetOf(droplet);

  for (let passedSeconds = 0; passedSeconds < 60; passedSeconds += 5) {
    fleet.seeDroplets([], passedSeconds, 5);
  }

  expect(fleet.pending).toHaveLength(1);
});
