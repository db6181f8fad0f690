/** @file Min-SNR weights against what torch computes with the formulas of Hang et al., section 3.4. */
import { expect, test } from 'vitest';
import { alphasCumprod } from '../schedulers/ddpm.ts';
import { schedulerConfigSchema } from '../schedulers/scheduler-config.ts';
import { minSnrWeight } from './min-snr.ts';

const scheduler = schedulerConfigSchema.parse({
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
});
const alphas = alphasCumprod(scheduler);

/** Timestep, then min(SNR, 5) / SNR, min(SNR, 5) / (SNR + 1), min(SNR, 5). */
const REFERENCE = [
  [0, 0.004253724954818527, 0.0042501091957092285, 5],
  [100, 0.5914454685279027, 0.52888423204422, 5],
  [250, 1, 0.67379230260849, 2.065531586153265],
  [500, 1, 0.27633246779441833, 0.3818500284961202],
  [750, 1, 0.05616980418562889, 0.05951261618321454],
  [999, 1, 0.00466009508818388, 0.004681913249119404],
] as const;

test.each(REFERENCE)('timestep %i', (timestep, epsilon, velocity, sample) => {
  const relative = (type: Parameters<typeof minSnrWeight>[3], expected: number) =>
    expect(minSnrWeight(timestep, alphas, 5, type) / expected).toBeCloseTo(1, 4);
  relative('epsilon', epsilon);
  relative('v_prediction', velocity);
  relative('sample', sample);
});

test('without any signal left, and without any noise, the weights are the limits', () => {
  const ends = Float64Array.of(1, 0);
  const weights = (timestep: number) =>
    (['epsilon', 'v_prediction', 'sample'] as const).map((type) =>
      minSnrWeight(timestep, ends, 5, type),
    );
  expect(weights(0)).toEqual([0, 0, 5]);
  expect(weights(1)).toEqual([1, 0, 0]);
});

test('a zero terminal SNR comes out of a rescaled schedule', () => {
  const rescaled = alphasCumprod({ ...scheduler, rescale_betas_zero_snr: true });
  expect(minSnrWeight(999, rescaled, 5, 'epsilon')).toBe(1);
  expect(minSnrWeight(999, rescaled, 5, 'v_prediction')).toBe(0);
});

test('a timestep outside the schedule is refused', () => {
  expect(() => minSnrWeight(1000, alphas, 5, 'epsilon')).toThrow(RangeError);
});
