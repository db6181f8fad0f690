/** @file Pixels as bytes, as drawings have them, and as floats, as models do. */

/**
 * @param rgb uint8, interleaved
 * @param out float32 `[3, size, size]` in [−1, 1]
 */
export function toChannels(rgb: Uint8Array, out: Float32Array): void {
  const plane = rgb.length / 3;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) out[c * plane + i] = rgb[3 * i + c]! / 127.5 - 1;
  }
}

/** @param pixels float32 `[3, size, size]` @returns uint8, interleaved */
export function toBytes(pixels: Float32Array): Uint8Array {
  const plane = pixels.length / 3;
  const bytes = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) bytes[3 * i + c] = (pixels[c * plane + i]! + 1) * 127.5;
  }
  return new Uint8Array(bytes.buffer);
}
