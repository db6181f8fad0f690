/**
 * @file Sampling of latent consistency models: each step jumps to the clean sample and back to the
 * next noise level. It needs a checkpoint (or LoRA) that was distilled for it.
 *
 * Notation: alphaProdT -> ᾱₜ, skipRate -> c_skip, outRate -> c_out, denoised -> f_θ(xₜ, t).
 * @see Luo et al. 2023, section 4, https://arxiv.org/abs/2310.04378
 */
import { addNoise, alphaAt, alphasCumprod, refuseEpsilonWithoutSignal } from './ddpm.ts';
import {
  checkStepCount,
  mapSamples,
  predictOriginal,
  requireNoise,
  type Sampler,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/** Standard deviation of the data, σ_data, as consistency models assume it. */
const SIGMA_DATA = 0.5;

/**
 * @param config of the checkpoint; where the file does not say, it was distilled on 50 steps and
 *   timesteps are scaled by 10, as in diffusers
 * @param numInferenceSteps in `[1, original_inference_steps]`
 * @param firstStep how many of them to leave out at the noisy end
 * @throws {RangeError} when there are more steps than it was distilled on, or than it was trained on
 */
export function createLcmSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  const alphas = alphasCumprod(config);
  const timesteps = pickTimesteps(config, numInferenceSteps).slice(firstStep);
  refuseEpsilonWithoutSignal(config, timesteps, alphas);
  const scaling = config.timestep_scaling ?? 10;
  const clip = config.clip_sample ? (config.clip_sample_range ?? 1) : Infinity;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: true,
    addNoise: (latents, noise) => addNoise(latents, noise, timesteps[0] as number, alphas),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample, noise) {
      // 1. How much of the sample itself is kept: all of it at timestep 0.
      const timestep = timesteps[stepIndex] as number;
      const scaled = timestep * scaling;
      const skipRate = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2);
      const outRate = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
      // 2. The clean sample.
      const alphaProdT = alphaAt(alphas, timestep);
      const [alpha, sigma] = [Math.sqrt(alphaProdT), Math.sqrt(1 - alphaProdT)];
      const denoised = mapSamples(noisePred, sample, (prediction, x) => {
        const original = predictOriginal(config.prediction_type, prediction, x, alpha, sigma);
        return outRate * Math.min(Math.max(original, -clip), clip) + skipRate * x;
      });
      // 3. Back to the next noise level, except after the last step.
      const next = timesteps[stepIndex + 1];
      if (next === undefined) return denoised;
      return addNoise(denoised, requireNoise(noise, sample.length), next, alphas);
    },
  };
}

/** Evenly many of the timesteps that the model was distilled on, noisiest first. */
function pickTimesteps(config: SchedulerConfig, numInferenceSteps: number): number[] {
  checkStepCount(config, numInferenceSteps);
  const originalSteps = config.original_inference_steps ?? 50;
  if (originalSteps > config.num_train_timesteps) {
    throw new RangeError(
      `scheduler_config.json: original_inference_steps: expected at most ${config.num_train_timesteps}, got ${originalSteps}`,
    );
  }
  if (numInferenceSteps > originalSteps) {
    throw new RangeError(
      `numInferenceSteps: the model was distilled on ${originalSteps} steps, got ${numInferenceSteps}`,
    );
  }
  const jump = Math.floor(config.num_train_timesteps / originalSteps);
  const gap = originalSteps / numInferenceSteps;
  return Array.from(
    { length: numInferenceSteps },
    (_, i) => (originalSteps - Math.floor(i * gap)) * jump - 1,
  );
}
