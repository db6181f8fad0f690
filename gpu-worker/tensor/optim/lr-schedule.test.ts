/** @file Learning-rate schedules against the factors that `diffusers/optimization.py` computes. */
import { expect, test } from 'vitest';
import { type LrSchedulerName, lrFactor } from './lr-schedule.ts';

const schedule = (name: LrSchedulerName, warmupSteps: number, numCycles = 1, power = 1) =>
  ({ name, totalSteps: 10, warmupSteps, numCycles, power }) as const;

/** Base rate 5e-6, ten updates. */
const REFERENCE = [
  [schedule('constant', 3), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [schedule('constant_with_warmup', 3), [0, 0.333333333333, 0.666666666667, 1, 1, 1, 1, 1, 1, 1]],
  [
    schedule('linear', 3),
    [
      0, 0.333333333333, 0.666666666667, 1, 0.857142857143, 0.714285714286, 0.571428571429,
      0.428571428571, 0.285714285714, 0.142857142857,
    ],
  ],
  [
    schedule('cosine', 3),
    [
      0, 0.333333333333, 0.666666666667, 1, 0.950484433951, 0.811744900929, 0.611260466978,
      0.388739533022, 0.188255099071, 0.0495155660488,
    ],
  ],
  [
    schedule('cosine_with_restarts', 2, 3),
    [
      0, 0.5, 1, 0.691341716183, 0.146446609407, 0.961939766256, 0.5, 0.0380602337444,
      0.853553390593, 0.308658283817,
    ],
  ],
  [
    schedule('polynomial', 2, 1, 2),
    [0, 0.5, 1, 0.7703125, 0.57125, 0.4028125, 0.265, 0.1578125, 0.08125, 0.0353125],
  ],
] as const;

test.each(REFERENCE)('$name', (stated, factors) => {
  const computed = factors.map((_, step) => lrFactor(stated, step, 5e-6));
  for (const [step, factor] of factors.entries()) expect(computed[step]).toBeCloseTo(factor, 11);
});

test('a warm-up that outlasts the training never ends', () => {
  expect(lrFactor(schedule('linear', 20), 9, 1)).toBe(0.45);
});

test('polynomial cannot begin below its end', () => {
  expect(() => lrFactor(schedule('polynomial', 0), 1, 1e-7)).toThrow('above 1e-7, got 1e-7');
});
