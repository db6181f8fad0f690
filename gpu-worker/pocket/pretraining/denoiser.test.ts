/** @file Which timesteps a batch of the denoiser's has. */
import { expect, test } from 'vitest';
import { alphasCumprod } from '../../diffusion/schedulers/ddpm.ts';
import { schedulerConfigSchema } from '../../diffusion/schedulers/scheduler-config.ts';
import { schedulerConfig } from './architecture.ts';
import { spreadTimesteps } from './denoiser.ts';

test('timesteps are as frequent as min-SNR weights them', () => {
  const alphas = alphasCumprod(schedulerConfigSchema.parse(schedulerConfig));
  // v-prediction's weight, min(SNR, γ) / (SNR + 1) with γ + 1, at most 1.
  const weights = Array.from(alphas, (alphaProd) => {
    const snr = alphaProd / (1 - alphaProd);
    return Math.min(1, 6 / (snr + 1));
  });
  const counts = new Float64Array(alphas.length);
  const batches = 1000;
  for (let i = 0; i < batches; i++) {
    for (const timestep of spreadTimesteps(alphas, 100, i / batches)) counts[timestep]! += 1;
  }
  const shareOf = (values: ArrayLike<number>, first: number, end: number) => {
    const all = Array.from(values);
    const sum = (part: number[]) => part.reduce((a, b) => a + b, 0);
    return sum(all.slice(first, end)) / sum(all);
  };
  for (const [first, end] of [
    [0, 100],
    [100, 300],
    [300, 1000],
  ] as const) {
    const expected = shareOf(weights, first, end);
    expect(Math.abs(shareOf(counts, first, end) - expected)).toBeLessThan(0.002);
  }
  expect(shareOf(counts, 0, 100)).toBeLessThan(0.06);
});

test('a batch spreads over the whole schedule', () => {
  const alphas = alphasCumprod(schedulerConfigSchema.parse(schedulerConfig));
  const timesteps = spreadTimesteps(alphas, 32, 0.5);
  for (let row = 1; row < 32; row++) expect(timesteps[row]).toBeGreaterThan(timesteps[row - 1]!);
  expect(timesteps[0]).toBeLessThan(150);
  expect(timesteps[31]).toBeGreaterThan(960);
});
