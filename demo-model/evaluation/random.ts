export interface Random {
  /** From 0 up to, not including, `count`. */
  below(count: number): number;
  /** From `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(of: number): boolean;
  /** Throws where there is nothing to pick from. */
  pick<T>(from: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
}

/** Mulberry32: 32 bits of state, good enough to draw words. The same seed draws the same. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    below: (count) => Math.floor(next() * count),
    between: (least, most) => least + random.below(most - least + 1),
    chance: (of) => next() < of,
    pick: (from) => {
      const picked = from[random.below(from.length)];
      if (picked === undefined) throw new Error("There is nothing to pick from");
      return picked;
    },
    shuffled: (list) => {
      const keyed = list.map((item) => ({ item, key: next() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
    },
  };
  return random;
}
