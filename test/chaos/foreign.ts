import type {SeedDroplet} from '../../src/emulator/digitalocean/seed.js';
import type {Random} from './random.js';

const theirCi = 'ffffffff';

type Tags = {kind?: string; ci: string; name?: string; ttl?: number};

function allTags({kind = 'concourse', ci, name = 'a', ttl = 3600}: Tags): string[] {
  return [
    'do-worker',
    `do-worker:kind:${kind}`,
    `do-worker:ci:${ci}`,
    `do-worker:name:${name}`,
    `do-worker:ttl:${ttl}`,
  ];
}

/** So many of another cluster's workers that lists of our worker name have a second page. */
const crowd = Array.from({length: 205}, (_, index): [string, SeedDroplet] => [
  `one of another cluster's crowd, ${index}`,
  {
    name: `a-b-r1-crowd${String(index).padStart(3, '0')}`,
    tags: allTags({ci: theirCi, name: 'a-b'}),
    ageSeconds: 86_400,
  },
]);

/** Droplets that look like ours to somebody careless, and are not; `ci` is our CI server's id. */
export function foreignDroplets(ci: string): Record<string, SeedDroplet> {
  const day = {ageSeconds: 86_400};
  const lacking = (part: string) => allTags({ci}).filter((tag) => !tag.includes(part));
  return {
    'a web server': {name: 'web-1', tags: ['web'], ...day},
    'tagged with a plain worker name': {name: 'a-r1-abcdefg0', tags: ['a', 'a-b'], ...day},
    'with the form of our names': {name: 'a-r1-abcdefg1', tags: [], ...day},
    'with the marker only': {name: 'a-r1-abcdefg2', tags: ['do-worker'], ...day},
    'with marker and name only': {
      name: 'a-r1-abcdefg3',
      tags: ['do-worker', 'do-worker:name:a'],
      ...day,
    },
    'without the marker': {
      name: 'a-r1-abcdefg4',
      tags: allTags({ci}).filter((tag) => tag !== 'do-worker'),
      ...day,
    },
    'without a kind': {name: 'a-r1-abcdefg5', tags: lacking(':kind:'), ...day},
    'without a CI id': {name: 'a-r1-abcdefg6', tags: lacking(':ci:'), ...day},
    'without a worker name': {name: 'a-r1-abcdefg7', tags: lacking(':name:'), ...day},
    'with two worker names': {
      name: 'a-r1-abcdefg8',
      tags: [...allTags({ci}), 'do-worker:name:a-b'],
      ...day,
    },
    'with our tags on another name': {name: 'my-box', tags: allTags({ci}), ...day},
    'with our tags and a name that is too long': {
      name: 'a-r1-abcdefghi',
      tags: allTags({ci}),
      status: 'off',
      ...day,
    },
    "another cluster's, expired": {name: 'a-r1-abcdefh0', tags: allTags({ci: theirCi}), ...day},
    "another cluster's, off": {
      name: 'a-b-r1-abcdefh1',
      tags: allTags({ci: theirCi, name: 'a-b'}),
      status: 'off',
      ageSeconds: 60,
    },
    "another cluster's, young": {
      name: 'a-r2-abcdefh2',
      tags: allTags({ci: theirCi}),
      ageSeconds: 5,
    },
    'of another kind of CI server': {
      name: 'a-r1-abcdefh3',
      tags: allTags({ci, kind: 'taskcluster'}),
      ...day,
    },
    'of another worker pool': {
      name: 'a-r1-abcdefh6',
      tags: allTags({ci: theirCi, kind: 'taskcluster'}),
      ...day,
    },
    'in an autoscale pool': {
      name: 'pool-1-abcdefh4',
      tags: ['autoscale:pool-1', 'do-worker'],
      ...day,
    },
    'in an odd spelling': {name: 'a-r1-abcdefh5', tags: ['Do-Worker:Name:a'], ...day},
    ...Object.fromEntries(crowd),
  };
}

export function chooseForeign(random: Random, isCrowded: boolean): string[] {
  const single = Object.keys(foreignDroplets('')).slice(0, -crowd.length);
  const chosen = random.some(single, 0.3);
  return isCrowded ? [...chosen, ...crowd.map(([what]) => what)] : chosen;
}

/** Workers that are not ours to remove, and one that is: its droplet is long gone. */
export const foreignWorkers = [
  {name: 'somebody', tags: ['a'], state: 'stalled'},
  {name: 'a-r1-abcdefg0', tags: ['other'], state: 'stalled'},
  {name: 'linux-1', tags: null, state: 'running'},
] as const;

export const staleWorker = {name: 'a-r0-zzzzzzz0', tags: ['a'], state: 'stalled'} as const;
