import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './half.ts';

const half = (value: number) => float32ToFloat16(Float32Array.of(value))[0];

describe('float32ToFloat16', () => {
  // Bit patterns as numpy's astype(float16) gives them.
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [Math.fround(0.1), 0x2e66],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [2049, 0x6800], // tie, down to even
    [2051, 0x6802], // tie, up to even
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -26, 0x0400], // rounds up out of the subnormals
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // tie, to zero
    [2 ** -25 * 1.001, 0x0001],
    [3 * 2 ** -25, 0x0002], // tie, to even
    [1e-8, 0x0000],
  ])('halves %f', (value, bits) => {
    expect(half(value)).toBe(bits);
  });

  it('keeps NaN a NaN', () => {
    expect(float16ToFloat32(float32ToFloat16(Float32Array.of(Number.NaN)))[0]).toBeNaN();
  });

  it('gives every half back from its float32, and the nearer neighbour from between two', () => {
    const finite = Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits);
    const values = float16ToFloat32(finite);
    expect(float32ToFloat16(values)).toEqual(finite);
    const above = values.map((v, i) => v + 0.49 * ((values[i + 1] ?? 65536) - v));
    expect(float32ToFloat16(above)).toEqual(finite);
  });

  it('reads a view that starts inside its buffer', () => {
    const all = Float32Array.of(1, 2, 3, 4);
    expect([...float32ToFloat16(all.subarray(2))]).toEqual([0x4200, 0x4400]);
  });
});

describe('widening', () => {
  it('reads float16 bit patterns', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x3555);
    expect([...float16ToFloat32(bits)]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      Number.NEGATIVE_INFINITY,
      0.333251953125,
    ]);
  });

  it('reads bfloat16 bit patterns', () => {
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x3eab, 0x7f80, 0x0001);
    expect([...bfloat16ToFloat32(bits)]).toEqual([
      1,
      -2,
      0.333984375,
      Number.POSITIVE_INFINITY,
      2 ** -133,
    ]);
  });
});
