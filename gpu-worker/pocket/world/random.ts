/** @file A tiny seeded random source; every choice in the pocket world flows from one of these. */

/** A stream of pseudo-random choices, the same for the same seed. */
export interface Random {
  /** @returns a float in `[0, 1)` */
  next(): number;
  /** @returns an integer in `[0, bound)` */
  int(bound: number): number;
  /** @returns a float in `[low, high)` */
  range(low: number, high: number): number;
  /** @returns true with the given probability */
  chance(probability: number): boolean;
  /** @returns one element of a non-empty list, each equally likely */
  pick<T>(list: readonly T[]): T;
}

/**
 * Mixes an integer into 32 well-spread bits.
 *
 * @param value any number; its low 32 bits and its overflow beyond them are used
 * @returns an unsigned 32-bit integer
 */
export function mixBits(value: number): number {
  let h = (value ^ Math.imul(Math.floor(value / 2 ** 32), 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Hashes a text to 32 bits (FNV-1a, then mixed).
 *
 * @param text any string
 * @returns an unsigned 32-bit integer
 */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mixBits(h >>> 0);
}

/**
 * Makes a random source (mulberry32).
 *
 * @param seed any non-negative integer
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function createRandom(seed: number): Random {
  let state = mixBits(seed + 0x51ed27);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    int: (bound) => Math.floor(next() * bound),
    range: (low, high) => low + (high - low) * next(),
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new RangeError('pick: the list is empty; give at least one');
      return list[Math.floor(next() * list.length)] as T;
    },
  };
}
