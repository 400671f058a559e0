import type {EmulatorOptions} from '../../src/emulator/options.js';
import type {Random} from './random.js';

type Choice = [probability: number, choose: (random: Random) => EmulatorOptions];

/** Lasting traits of the services; most sequences have a few. */
const traits = (ms: (random: Random, min: number, max: number) => number): Choice[] => [
  [0.15, (random) => ({listLagMs: ms(random, 1, 40)})],
  [0.15, (random) => ({tagLagMs: ms(random, 1, 40)})],
  [0.1, (random) => ({getLagMs: ms(random, 1, 40)})],
  [0.15, (random) => ({deleteLagMs: ms(random, 1, 40)})],
  // Seen only by those that bring a key of their own.
  [0.5, (random) => ({keyLagMs: ms(random, 1, 40)})],
  [0.2, (random) => ({destroyMs: ms(random, 1, 30)})],
  [0.15, () => ({pendingEventOnCreate: true})],
  [0.1, (random) => ({ignoreDeletes: random.integer(1, 3)})],
  [0.15, (random) => ({failCreate: random.integer(1, 3)})],
  [0.05, () => ({failBootstrap: true})],
  [0.1, () => ({neverConnect: true})],
  [0.03, (random) => ({hangAfterMs: ms(random, 60, 300)})],
  [0.25, () => ({soldOut: ['s-2vcpu-2gb']})],
  [
    0.1,
    (random) => ({dropletLimit: random.integer(20, 30), partialMultiCreate: random.chance(0.5)}),
  ],
  [0.15, () => ({shuffleLists: true})],
  [0.1, () => ({unknownTagList404: true, missingTagDelete404: true})],
  [0.1, () => ({looseTagSpelling: true})],
  [0.1, (random) => ({addressLagReads: random.integer(1, 5)})],
  [0.1, (random) => ({publicLagReads: random.integer(1, 5)})],
  [0.05, (random) => ({burstLimit: random.integer(20, 60)})],
  // The clients keep a hundred of them for deletes.
  [0.03, (random) => ({hourlyLimit: random.integer(105, 160)})],
  [0.05, () => ({closedRegions: ['ams3']})],
  [0.1, (random) => ({clockSkewSeconds: random.integer(-120, 120)})],
  [0.1, (random) => ({slowMs: ms(random, 0, 3)})],
  [0.1, (random) => ({reregistrations: random.integer(1, 2)})],
  [0.1, (random) => ({registerDelayMs: ms(random, 1, 30)})],
  [0.3, () => ({profile: 'legacy'})],
];

export function chooseSwitches(random: Random, unit: number): EmulatorOptions {
  const ms = (from: Random, min: number, max: number) =>
    from.integer(min * 1000, max * 1000) * unit;
  const whole = (from: Random, min: number, max: number) => Math.round(ms(from, min, max));
  const chosen = traits(whole)
    .filter(([probability]) => random.chance(probability))
    .map(([, choose]) => choose(random));
  return Object.assign(
    {
      createMs: whole(random, 1, 20),
      bootMs: whole(random, 5, 60),
      dropletLimit: 100,
      heartbeatMs: 30_000 * unit,
      gcMs: 30_000 * unit,
      componentMs: 10_000 * unit,
    },
    ...chosen,
  ) as EmulatorOptions;
}
