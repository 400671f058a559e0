import {createHash} from 'node:crypto';

/** Random numbers that the seed alone decides. */
export type Random = {
  /** From min to max, both among them. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Each item with that probability. */
  some<T>(items: readonly T[], probability: number): T[];
};

export function createRandom(seed: number): Random {
  let count = 0;
  const next = () => {
    const digest = createHash('sha256').update(`${seed}:${count++}`).digest();
    return digest.readUInt32BE() / 2 ** 32;
  };

  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    some: (items, probability) => items.filter(() => next() < probability),
  };
}
