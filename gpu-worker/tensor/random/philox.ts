/** @file Counter-based random numbers: any (key, stream) gives the same numbers whatever was drawn before. */

/**
 * A stream of random numbers named by a key and up to three counters (step, row, purpose …).
 *
 * Philox4x32-10: the draw number is the fourth counter word, so no state needs saving: a resumed
 * training that asks for (seed, step, row) gets what an uninterrupted one got.
 *
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"
 */
export class Philox {
  readonly #key: number;
  readonly #counters: readonly [number, number, number];
  #block = 0;
  readonly #words = new Uint32Array(4);
  #next = 4;

  constructor(seed: number, a = 0, b = 0, c = 0) {
    this.#key = seed >>> 0;
    this.#counters = [a >>> 0, b >>> 0, c >>> 0];
  }

  /** @returns a uniform 32-bit unsigned integer */
  uint32(): number {
    if (this.#next === 4) {
      philox4x32(this.#words, this.#block++, ...this.#counters, this.#key);
      this.#next = 0;
    }
    return this.#words[this.#next++]!;
  }

  /** @returns a number in `[0, 1)` */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** @returns an integer in `[0, end)` */
  integer(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** @returns `length` draws from the standard normal distribution (Box–Muller) */
  normals(length: number): Float32Array {
    const out = new Float32Array(length);
    for (let i = 0; i < length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 2 ** 32));
      const angle = 2 * Math.PI * this.uniform();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < length) out[i + 1] = radius * Math.sin(angle);
    }
    return out;
  }
}

function philox4x32(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  key: number,
): void {
  let [x0, x1, x2, x3, k0, k1] = [c0 >>> 0, c1, c2, c3, key, 0];
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0) >>> 0;
    const high1 = mulHigh(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2) >>> 0;
    [x0, x1, x2, x3] = [(high1 ^ x1 ^ k0) >>> 0, low1, (high0 ^ x3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/** High 32 bits of a 32×32-bit product, in 16-bit halves because doubles hold 53 bits. */
function mulHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle1 = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle2 = aLow * bHigh + (middle1 & 0xffff);
  return (aHigh * bHigh + (middle1 >>> 16) + (middle2 >>> 16)) >>> 0;
}
