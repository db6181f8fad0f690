/** @file The noise schedule: what is left of the signal, noised latents, the target of the regression. */
import { addNoise, alphasCumprod, predictionTarget } from '#worker/diffusion/schedulers/ddpm.ts';
import { relativeRow } from '../compare.ts';
import type { Check } from './check.ts';

const SCHEDULE_TOLERANCE = 1e-6;

export const checkSchedule: Check = async function* ({ reference, slack }) {
  const { scheduler } = reference.checkpoint;
  const tolerance = SCHEDULE_TOLERANCE * slack;
  const alphas = alphasCumprod(scheduler);
  if (reference.has('schedule/alphas_cumprod')) {
    const expected = reference.float('schedule/alphas_cumprod').data;
    yield relativeRow('schedule/alphas_cumprod', [[alphas, expected]], tolerance);
  }
  if (!reference.has('unet/noise')) return;
  const { data: latents, shape } = reference.float('unet/latents');
  const noise = reference.float('unet/noise').data;
  const timesteps = reference.int('unet/timesteps').data;
  const size = latents.length / shape[0]!;
  const noisy = new Float32Array(latents.length);
  const target = new Float32Array(latents.length);
  for (const [row, timestep] of timesteps.entries()) {
    const [clean, added] = [latents, noise].map((all) =>
      all.subarray(row * size, (row + 1) * size),
    );
    noisy.set(addNoise(clean!, added!, timestep, alphas), row * size);
    const wanted = predictionTarget(clean!, added!, timestep, alphas, scheduler.prediction_type);
    target.set(wanted, row * size);
  }
  for (const [item, computed] of Object.entries({ 'unet/noisy': noisy, 'unet/target': target })) {
    yield relativeRow(item, [[computed, reference.float(item).data]], tolerance);
  }
};
