/** Random numbers that the seed alone decides (mulberry32). */
export type Random = {
  /** From min to max, both among them. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Each item with that probability. */
  some<T>(items: readonly T[], probability: number): T[];
};

export function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e_37_79_b1);
  const next = () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    integer,
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)]!,
    some: (items, probability) => items.filter(() => next() < probability),
  };
}
