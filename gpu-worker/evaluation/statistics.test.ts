/** @file Statistics against published values, and against scipy 1.17 where nothing is published. */
import { expect, test } from 'vitest';
import { estimate, proportion, quantileOf, signedRankTest } from './statistics.ts';

/** Darwin 1876, heights of cross- and self-fertilised maize, differences in eighths of an inch. */
const DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
/** Hollander & Wolfe 1973, p. 29: depression before and after a first therapy; R's example gives V = 40, p = 0.01953. */
const HOLLANDER = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01];

test.each([
  [DARWIN, 96, 0.0206298828125, 0.041259765625],
  [HOLLANDER, 40, 0.01953125, 0.0390625],
  // With ties and a zero: all 2⁶ sign patterns counted one by one.
  [[1, -1, 2, 2, -3, 4, 0], 14.5, 0.25, 0.5],
])('signed-rank test of %j', (differences, statistic, pGreater, pTwoSided) => {
  const result = signedRankTest(differences);
  expect(result.statistic).toBe(statistic);
  expect(result.pGreater).toBeCloseTo(pGreater, 12);
  expect(result.pTwoSided).toBeCloseTo(pTwoSided, 12);
});

test('ten subjects that all differ the same way can reach p = 2⁻¹⁰, six cannot reach 0.01', () => {
  const differences = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  expect(signedRankTest(differences(10)).pGreater).toBe(2 ** -10);
  expect(signedRankTest(differences(6)).pGreater).toBe(2 ** -6);
  expect(signedRankTest([0, 0])).toEqual({ statistic: 0, pGreater: 1, pTwoSided: 1, count: 0 });
});

const SHARES = [0.62, 0.71, 0.55, 0.8, 0.67, 0.74];

test('quantiles are numpy’s', () => {
  const computed = [0.025, 0.25, 0.9, 0.975].map((share) => quantileOf(SHARES, share));
  for (const [i, value] of [0.55875, 0.6325, 0.77, 0.7925].entries())
    expect(computed[i]).toBeCloseTo(value, 12);
  expect(() => quantileOf([], 0.5)).toThrow(RangeError);
});

test('the interval is the bootstrap’s: 400,000 resamples with numpy give 0.615 and 0.745', () => {
  const { mean, low, high, count } = estimate(SHARES);
  expect(mean).toBeCloseTo(4.09 / 6, 12);
  expect(low).toBeCloseTo(0.615, 2);
  expect(high).toBeCloseTo(0.745, 2);
  expect(count).toBe(6);
  expect(estimate(SHARES)).toEqual(estimate(SHARES));
  expect(estimate([0.5])).toEqual({ mean: 0.5, low: 0.5, high: 0.5, count: 1 });
});

// Newcombe 1998, table I, method 3.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('Wilson’s interval of %i of %i', (right, count, low, high) => {
  const interval = proportion(right, count);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});
