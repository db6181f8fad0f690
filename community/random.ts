/** @file Seeded choices: the same seed and index choose the same, whatever happens around them. */

/** A source of choices. */
export interface Chooser {
  /** @returns a number in [0, 1) */
  next(): number;
  /** @returns whether something with this probability happens */
  chance(probability: number): boolean;
  /** @returns an integer from `min` to `max`, both included */
  integer(min: number, max: number): number;
  /** @throws {RangeError} where there is nothing to choose from */
  pick<T>(items: readonly T[]): T;
}

/**
 * @param seed of the whole run
 * @param index which choice of the run this is for
 * @see mulberry32, public domain, by Tommy Ettinger
 */
export function createChooser(seed: number, index: number): Chooser {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    chance: (probability) => next() < probability,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick(items) {
      if (items.length === 0) throw new RangeError('pick: nothing to choose from');
      return items[Math.floor(next() * items.length)]!;
    },
  };
}
