/**
 * @file Makes drawings a little worse, as a generated picture is: mirrored, moved, soft, grainy, off in brightness.
 * A judge that only ever saw clean drawings would judge the softness and not the subject.
 */
import { Philox } from '../../tensor/random/philox.ts';

const CHANCE = {
  mirror: 0.5,
  move: 0.7,
  soften: 0.2,
  coarsen: 0.05,
  grain: 0.25,
  tone: 0.5,
} as const;
/** Pixels. */
const MAX_MOVE = 4;
/** Standard deviation; pixels are in [−1, 1]. */
const MAX_GRAIN = 0.06;
const MAX_TONE = 0.1;

/** Drawn once: fresh numbers for every pixel would take longer than everything else that is done here. */
let grainDrawn: Float32Array | undefined;
function grainOf(): Float32Array {
  grainDrawn ??= new Philox(GRAIN_SEED).normals(GRAIN_LENGTH);
  return grainDrawn;
}
const GRAIN_SEED = 5;
/** Not a multiple of a picture's side, so that rows differ. */
const GRAIN_LENGTH = 99_991;

/**
 * @param pixels float32 `[3, size, size]` in [−1, 1]; changed in place
 * @param random decides what happens to this picture
 */
export function degrade(pixels: Float32Array, size: number, random: Philox): void {
  const happens = (chance: number) => random.uniform() < chance;
  const signed = (limit: number) => limit * (2 * random.uniform() - 1);
  if (happens(CHANCE.mirror)) mirror(pixels, size);
  if (happens(CHANCE.move))
    move(pixels, size, Math.round(signed(MAX_MOVE)), Math.round(signed(MAX_MOVE)));
  if (happens(CHANCE.soften)) soften(pixels, size);
  if (happens(CHANCE.coarsen)) coarsen(pixels, size);
  if (happens(CHANCE.tone)) {
    const [gain, shift] = [1 + signed(MAX_TONE), signed(MAX_TONE)];
    for (let i = 0; i < pixels.length; i++) pixels[i] = gain * pixels[i]! + shift;
  }
  if (happens(CHANCE.grain)) {
    const deviation = MAX_GRAIN * random.uniform();
    const grain = grainOf();
    const first = random.integer(grain.length);
    for (let i = 0; i < pixels.length; i++)
      pixels[i]! += deviation * grain[(first + i) % grain.length]!;
  }
}

/**
 * Swaps left and right: the world draws both.
 * @param pixels float32 `[3, size, size]`, changed in place
 */
export function mirror(pixels: Float32Array, size: number): void {
  for (let start = 0; start < pixels.length; start += size)
    pixels.subarray(start, start + size).reverse();
}

/** Shifts the picture; the edge that moves in is repeated. */
function move(pixels: Float32Array, size: number, dx: number, dy: number): void {
  const before = pixels.slice();
  const inside = (place: number) => Math.min(size - 1, Math.max(0, place));
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < size; y++) {
      const from = (c * size + inside(y - dy)) * size;
      const to = (c * size + y) * size;
      for (let x = 0; x < size; x++) pixels[to + x] = before[from + inside(x - dx)]!;
    }
  }
}

/** Binomial blur, 1 2 1 in both directions. */
function soften(pixels: Float32Array, size: number): void {
  for (const [step, line] of [
    [1, size],
    [size, 1],
  ] as const) {
    for (let start = 0; start < 3 * size; start++) {
      const first =
        step === 1 ? start * size : Math.floor(start / size) * size * size + (start % size) * line;
      let left = pixels[first]!;
      for (let i = 0; i < size; i++) {
        const at = first + i * step;
        const right = i + 1 < size ? pixels[at + step]! : pixels[at]!;
        const middle = pixels[at]!;
        pixels[at] = 0.25 * left + 0.5 * middle + 0.25 * right;
        left = middle;
      }
    }
  }
}

/** Replaces each 2×2 square by its mean. */
function coarsen(pixels: Float32Array, size: number): void {
  for (let row = 0; row < 3 * size; row += 2) {
    for (let x = 0; x < size; x += 2) {
      const a = row * size + x;
      const b = a + size;
      const mean = (pixels[a]! + pixels[a + 1]! + pixels[b]! + pixels[b + 1]!) / 4;
      pixels[a] = pixels[a + 1] = pixels[b] = pixels[b + 1] = mean;
    }
  }
}
