import type {Kind} from '../../src/ci-server.js';
import type {Outage} from './outages.js';
import type {Operation, Step, Stop} from './plan.js';
import type {Random} from './random.js';

/** Too long for a worker id of Taskcluster, where only its beginning is to be found. */
export const longName = 'a-worker-name-with-no-room-left';
const workerNames = ['a', 'a-b', 'A-b-c', longName];
const runKeys = ['r1', 'r2', 'b'];
/** The first and a time-out's end within the sequence or by the jump at its end, the last does not. */
const longTtlSeconds = [3600, 86_400];

const kindsOfOutage: Outage[] = [
  'no TSA',
  'no ATC',
  'no Taskcluster',
  'hidden tags',
  'lost tags',
  'a locked account',
];

type Placement = {sizes: string[]; regions: string[]};

/**
 * Lists leave GPU droplets out, and a create looks for those of its run only when it may make some. So either all creates
 * of a sequence may, or none.
 */
const gpu = 'gpu-h100x1-80gb';
const placementsWithGpus: Placement[] = [
  {sizes: [gpu], regions: ['tor1']},
  {sizes: [gpu, 's-2vcpu-2gb'], regions: ['tor1']},
  {sizes: ['s-2vcpu-2gb', gpu], regions: ['tor1']},
];
const placementsWithout: Placement[] = [
  {sizes: ['s-2vcpu-2gb'], regions: ['ams3']},
  {sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb'], regions: ['ams3']},
  {sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb'], regions: ['ams3', 'tor1']},
];

/** Most operations of a sequence are about the same name and the same run. */
type Usual = {
  workerName: string;
  runKey: string;
  cis: Kind[];
  placements: Placement[];
  hasKeys: boolean;
};

/** What is true of the whole sequence. */
export type Traits = {
  /** The kinds of CI servers that its operations are for. */
  cis: Kind[];
  /** Nothing but one operation at a time looks at the CI server. */
  isBlind: boolean;
  /** Answers to creates are lost. */
  isLosing: boolean;
  /** It begins with two creates of one run, and none is stopped. */
  isRivalry: boolean;
  unit: number;
};

export function chooseSteps(random: Random, traits: Traits): Step[] {
  const usual = {
    workerName: random.pick(workerNames),
    runKey: random.pick(runKeys),
    cis: traits.cis,
    placements: random.chance(0.25) ? placementsWithGpus : placementsWithout,
    hasKeys: random.chance(0.2),
  };
  const length = random.integer(2, 5);
  return Array.from({length}, (_, index) =>
    traits.isRivalry && index < 2
      ? chooseRival(random, usual, traits)
      : chooseStep(random, usual, traits),
  );
}

function chooseRival(random: Random, {cis, ...usual}: Usual, {unit}: Traits): Step {
  return {
    isOverlapping: true,
    delaySeconds: random.integer(0, 5) * unit,
    operation: chooseCreate(random, {...usual, ci: cis[0]!}, unit),
  };
}

function chooseStep(random: Random, usual: Usual, traits: Traits): Step {
  const {isBlind, unit} = traits;
  const timing = {
    isOverlapping: !isBlind && random.chance(0.5),
    delaySeconds: random.chance(0.5) ? 0 : random.integer(1, 60) * unit,
  };
  if (!isBlind && random.chance(0.15)) {
    return {
      ...timing,
      isOverlapping: true,
      outage: {
        of: random.pick(kindsOfOutage),
        seconds: random.integer(10, 200) * unit,
      },
    };
  }

  return {
    ...timing,
    operation: chooseOperation(random, usual, unit),
    stop: chooseStop(random, traits),
  };
}

function chooseStop(random: Random, {isLosing, isRivalry}: Traits): Stop | undefined {
  if (isRivalry || !random.chance(isLosing ? 0.7 : 0.3)) {
    return undefined;
  }

  return {
    // Only what is told to stop has to undo what it does not know it made.
    how: random.chance(isLosing ? 0.2 : 0.75) ? 'kill' : 'interrupt',
    request: random.chance(0.3) ? random.integer(13, 30) : random.integer(1, 12),
    when: random.pick(['before', 'after']),
    lateMs: random.chance(0.5) ? random.integer(1, 1000) : 0,
  };
}

function chooseOperation(random: Random, usual: Usual, unit: number): Operation {
  const {placements, hasKeys} = usual;
  const workerName = random.chance(0.6) ? usual.workerName : random.pick(workerNames);
  const chosen = random.chance(0.6) ? usual.runKey : random.pick(runKeys);
  const runKey = random.chance(0.7) ? chosen : undefined;
  const ci = random.pick(usual.cis);
  const kind = random.pick(['create', 'create', 'create', 'destroy', 'cleanup'] as const);
  if (kind === 'cleanup') {
    return {
      ci,
      kind,
      workerName: random.chance(0.2) ? workerName : undefined,
      maxDeletes: random.chance(0.3) ? random.integer(0, 5) : undefined,
    };
  }

  return kind === 'destroy'
    ? {ci, kind, workerName, runKey}
    : chooseCreate(random, {ci, workerName, runKey, placements, hasKeys}, unit);
}

function chooseCreate(
  random: Random,
  {
    placements,
    hasKeys,
    ...whose
  }: Pick<Usual, 'workerName' | 'placements' | 'hasKeys'> & {ci: Kind; runKey: string | undefined},
  unit: number,
): Operation {
  const count = random.pick([1, 1, 2, 3, 4]);
  const timeoutSeconds = Math.ceil(random.pick([120, 180, 300]) * unit);
  return {
    ...whose,
    kind: 'create',
    count,
    min: random.chance(0.3) ? random.integer(1, count) : undefined,
    ttlSeconds: random.chance(0.2)
      ? timeoutSeconds + Math.ceil(20 * unit)
      : random.pick(longTtlSeconds),
    timeoutSeconds,
    ...random.pick(placements),
    hasOwnKey: hasKeys && random.chance(0.8),
  };
}
