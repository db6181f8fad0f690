/** @file Antialiased bicubic resizing with Pillow's weights: what the paper's judges were trained to see. */
import type { RgbPicture } from './pictures.ts';

/** What a weight of 1 is: weights are whole numbers, so that the results are Pillow's to the bit. */
const ONE = 2 ** 22;

/** Which pixels of a line make one pixel of the result, and how much each counts. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Keys' cubic with a = −1/2. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  if (d < 2) return ((-0.5 * d + 2.5) * d - 4) * d + 2;
  return 0;
}

function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + 2 * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      cubic((first + k + 0.5 - centre) / stretch),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => Math.round((weight / sum) * ONE)) };
  });
}

/**
 * Resizes the rows, then the columns; what lies between is rounded to 8 bits, as Pillow does.
 * @see Pillow `src/libImaging/Resample.c`
 */
export function resizeBicubic({ rgb, width, height }: RgbPicture, to: Omit<RgbPicture, 'rgb'>) {
  const rows = new Uint8ClampedArray(to.width * height * 3);
  const alongRows = tapsOf(width, to.width);
  for (let y = 0; y < height; y++)
    for (const [x, taps] of alongRows.entries())
      mixPixels(rgb, (y * width + taps.first) * 3, 3, taps, rows, (y * to.width + x) * 3);
  const out = new Uint8ClampedArray(to.width * to.height * 3);
  const line = to.width * 3;
  for (const [y, taps] of tapsOf(height, to.height).entries())
    for (let x = 0; x < to.width; x++)
      mixPixels(rows, taps.first * line + x * 3, line, taps, out, y * line + x * 3);
  return { ...to, rgb: new Uint8Array(out.buffer) };
}

function mixPixels(
  source: Uint8Array | Uint8ClampedArray,
  from: number,
  step: number,
  { weights }: Taps,
  out: Uint8ClampedArray,
  at: number,
): void {
  for (let c = 0; c < 3; c++) {
    let sum = 0;
    for (const [k, weight] of weights.entries()) sum += weight * source[from + k * step + c]!;
    // The clamped array would round a half to the even neighbour.
    out[at + c] = Math.floor(sum / ONE + 0.5);
  }
}
