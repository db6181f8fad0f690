/** @file Conversions between float32 and the 16-bit floats that weight files use; pure bit arithmetic. */

/** Every float16 value as float32, filled on first use (256 KiB). */
let float16Values: Float32Array | undefined;

/**
 * Rounds float32 values to IEEE 754 binary16, to nearest with ties to even.
 *
 * Magnitudes from 65520 up become infinity, those below 2⁻¹⁴ become subnormals, NaN stays NaN.
 *
 * @param values float32, any length
 * @returns the binary16 bit patterns, same length
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const x = bits[i] as number;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) {
      half = 0x7e00; // NaN
    } else if (magnitude >= 0x47800000) {
      half = 0x7c00; // 2¹⁶ and above, infinity included
    } else if (magnitude >= 0x38800000) {
      // Normal: move the exponent bias from 127 to 15, then drop 13 bits. A carry out of the
      // mantissa lands in the exponent, and out of the largest exponent it makes infinity.
      const rebiased = magnitude - 0x38000000;
      half = (rebiased + 0x0fff + ((rebiased >>> 13) & 1)) >>> 13;
    } else if (magnitude >= 0x33000000) {
      // Subnormal: count in units of 2⁻²⁴.
      const shift = 126 - (magnitude >>> 23);
      const mantissa = (magnitude & 0x7fffff) | 0x800000;
      const rest = mantissa & ((1 << shift) - 1);
      const tie = 1 << (shift - 1);
      half = mantissa >>> shift;
      if (rest > tie || (rest === tie && (half & 1) === 1)) half++;
    } else {
      half = 0; // below half of the smallest subnormal
    }
    halves[i] = sign | half;
  }
  return halves;
}

/**
 * Widens IEEE 754 binary16 values to float32; every value is exact.
 *
 * @param halves binary16 bit patterns, any length
 * @param values where they go: same length
 * @returns float32, same length
 */
export function float16ToFloat32(
  halves: Uint16Array,
  values: Float32Array = new Float32Array(halves.length),
): Float32Array {
  float16Values ??= tabulateFloat16();
  for (let i = 0; i < values.length; i++) {
    values[i] = float16Values[halves[i] as number] as number;
  }
  return values;
}

/**
 * Widens bfloat16 values to float32; every value is exact, being the upper half of a float32.
 *
 * @param halves bfloat16 bit patterns, any length
 * @returns float32, same length
 */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) {
    bits[i] = (halves[i] as number) << 16;
  }
  return new Float32Array(bits.buffer);
}

function tabulateFloat16(): Float32Array {
  const values = new Float32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 31)
      values[half] = mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) values[half] = sign * mantissa * 2 ** -24;
    else values[half] = sign * (1024 + mantissa) * 2 ** (exponent - 25);
  }
  return values;
}
