import type {Fault as CiFault} from '../../src/emulator/ci-faults.js';
import type {Fault} from '../../src/emulator/digitalocean/faults.js';
import type {Random} from './random.js';

const create = {method: 'POST', path: '/v2/droplets'};
const places = [
  create,
  create,
  {method: 'DELETE', path: '/v2/droplets/'},
  {method: 'GET', path: '/v2/droplets'},
  {method: 'GET', path: 'tag_name='},
  {method: 'GET', path: '/v2/'},
  {path: '/v2/'},
];
const statuses = [429, 429, 500, 500, 502, 502, 503, 503, 401, 403];
const kinds = ['status', 'html', 'drop-before', 'drop-after', 'error-after', 'slow'] as const;
/** Each costs the time of a request, in which much else happens. */
const endless = ['hang', 'hang-after'] as const;

/** Requests to DigitalOcean that go wrong: some now and then, some for a stretch. */
export function chooseFaults(random: Random, unit: number): Fault[] {
  return Array.from({length: random.pick([0, 0, 1, 1, 2, 3, 4])}, () => {
    if (random.chance(0.03)) {
      const kind = random.pick(endless);
      return {...random.pick(places), kind, after: random.integer(0, 8), times: 1};
    }

    const kind = random.pick(kinds);
    const status = random.pick(statuses);
    return {
      ...random.pick(places),
      kind,
      after: random.integer(0, 8),
      times: random.chance(0.15) ? random.integer(5, 12) : random.integer(1, 3),
      ...(kind === 'status' && {status}),
      ...(kind === 'status' && status === 429 && {headers: limited(random)}),
      ...(kind === 'html' && {status: random.pick([502, 503])}),
      ...(kind === 'slow' && {ms: Math.round(random.integer(1000, 20_000) * unit)}),
    };
  });
}

/** Of the burst limit, which tells how long to wait, or as a proxy gives it, which tells nothing. */
function limited(random: Random): Record<string, string> {
  return random.chance(0.8) ? {'retry-after': String(random.integer(1, 20))} : {};
}

/** The answer to a create is lost, and for a while so is every look whether it had an effect. */
export function chooseLostAnswer(random: Random): Fault[] {
  return [
    {
      ...create,
      kind: random.pick(['drop-after', 'error-after'] as const),
      after: random.integer(0, 1),
      times: 1,
    },
    {
      method: 'GET',
      path: 'tag_name=',
      kind: 'status',
      status: 503,
      after: random.integer(0, 3),
      times: random.integer(2, 25),
    },
  ];
}

const concoursePlaces = [
  {method: 'GET', path: '/api/v1/workers'},
  {method: 'GET', path: '/api/v1/info'},
  {method: 'PUT', path: '/api/v1/workers/*/retire'},
  {method: 'PUT', path: '/api/v1/workers/*/prune'},
  {method: 'POST', path: '/api/v1/workers'},
  {method: 'POST', path: '/sky/*'},
  {method: '*', path: '*'},
];
const ciKinds = ['status', 'html', 'drop', 'lost', 'slow'] as const;

export function chooseConcourseFaults(random: Random, unit: number): CiFault[] {
  return chooseCiFaults(random, unit, {everywhere: concoursePlaces, endlessIn: concoursePlaces});
}

const manager = '/api/worker-manager/v1';
const operatorPlaces = [
  {method: 'GET', path: `${manager}/workers/*`},
  {method: 'GET', path: `${manager}/provisioners/*`},
  {method: 'PUT', path: `${manager}/workers/*`},
  {method: 'PUT', path: `${manager}/workers/*`},
  {method: 'DELETE', path: `${manager}/workers/*`},
];
const taskclusterPlaces = [
  ...operatorPlaces,
  {method: 'POST', path: `${manager}/worker/register`},
  {method: 'POST', path: '/api/queue/*'},
  {method: '*', path: '*'},
];

export function chooseTaskclusterFaults(random: Random, unit: number): CiFault[] {
  // The emulator's own workers would wait for ever.
  return chooseCiFaults(random, unit, {everywhere: taskclusterPlaces, endlessIn: operatorPlaces});
}

type Place = {method: string; path: string};

function chooseCiFaults(
  random: Random,
  unit: number,
  {everywhere, endlessIn}: {everywhere: Place[]; endlessIn: Place[]},
): CiFault[] {
  return Array.from({length: random.pick([0, 0, 0, 1, 2])}, () => {
    if (random.chance(0.15)) {
      const kind = random.pick(endless);
      return {...random.pick(endlessIn), kind, after: random.integer(0, 5), times: 1};
    }

    const kind = random.pick(ciKinds);
    return {
      ...random.pick(everywhere),
      kind,
      after: random.integer(0, 10),
      times: random.integer(1, 6),
      ...(kind === 'status' && {status: random.pick([500, 502, 503, 401, 403])}),
      ...(kind === 'slow' && {ms: Math.round(random.integer(1000, 10_000) * unit)}),
    };
  });
}
