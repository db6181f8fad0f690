/** @file Fronts worked out by hand. */
import { describe, expect, test } from 'vitest';
import { chooseBest, DRIFT_LIMIT } from './choose-best.ts';

const of = (identity: number, prompt: number, drift = 0) => ({ identity, prompt, drift });

describe('the best candidate', () => {
  test('is the one that is better in both', () => {
    expect(chooseBest([of(0.5, 0.5), of(0.8, 0.7), of(0.6, 0.6)])).toBe(1);
  });

  test('is never dominated, even by one of an equal product', () => {
    // 0 × 1 = 0 × 0.5, but the second is worse in one and better in none.
    expect(chooseBest([of(0, 1), of(0, 0.5)])).toBe(0);
    expect(chooseBest([of(-0.2, 0.5), of(-0.4, 0.5)])).toBe(0);
  });

  test('has the largest product where several are on the front', () => {
    expect(chooseBest([of(0.4, 1), of(0.7, 0.8), of(0.9, 0.5)])).toBe(1);
  });

  test('is the last of equals', () => {
    expect(chooseBest([of(0.5, 0.8), of(0.8, 0.5), of(0.5, 0.5)])).toBe(1);
    expect(chooseBest([of(0.5, 0.5), of(0.5, 0.5)])).toBe(1);
  });

  test('is not one that made the class look like the subject, unless all did', () => {
    const spoiled = DRIFT_LIMIT + 0.01;
    expect(chooseBest([of(0.5, 0.5, DRIFT_LIMIT), of(0.9, 0.9, spoiled)])).toBe(0);
    expect(chooseBest([of(0.5, 0.5, spoiled), of(0.9, 0.9, 0.4)])).toBe(1);
  });

  test('is the only one there is', () => {
    expect(chooseBest([of(-0.1, 0, 1)])).toBe(0);
  });
});
