/** @file Which timesteps a batch of the denoiser's has. */
import { expect, test } from 'vitest';
import { spreadTimesteps } from './denoiser.ts';

const TIMESTEPS = 1000;

test('the logit of their share of the schedule is normal', () => {
  const batches = 1000;
  const logits = Array.from({ length: batches }, (_, i) => [
    ...spreadTimesteps(TIMESTEPS, 100, i / batches),
  ])
    .flat()
    .map((timestep) => Math.log((timestep + 0.5) / (TIMESTEPS - timestep - 0.5)));
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const variance = logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / logits.length;
  expect(mean).toBeCloseTo(-0.5, 2);
  expect(Math.sqrt(variance)).toBeCloseTo(1.4, 2);
});

test('a batch spreads over the whole schedule', () => {
  const timesteps = spreadTimesteps(TIMESTEPS, 32, 0.5);
  for (let row = 1; row < 32; row++) expect(timesteps[row]).toBeGreaterThan(timesteps[row - 1]!);
  expect(timesteps[0]).toBeLessThan(50);
  expect(timesteps[31]).toBeGreaterThan(900);
});
