/**
 * @file DDIM sampling without added noise (η = 0).
 *
 * Notation: alphaProdT -> ᾱₜ, alphaProdPrev -> ᾱₜ₋₁ (of the next, less noisy step), original -> x₀,
 * epsilon -> ε.
 * @see Song et al. 2020, eq. 12, https://arxiv.org/abs/2010.02502
 */
import { addNoise, alphaAt, alphasCumprod, refuseEpsilonWithoutSignal } from './ddpm.ts';
import {
  mapSamples,
  predictOriginal,
  roundHalfEven,
  type Sampler,
  spaceTimesteps,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/**
 * @param config of the checkpoint; where the file does not say, `clip_sample` and `set_alpha_to_one`
 *   are on, spacing is leading and `steps_offset` 0, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 */
export function createDdimSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  const alphas = alphasCumprod(config);
  const timesteps = spaceTimesteps(config, config.timestep_spacing ?? 'leading', numInferenceSteps)
    .map(roundHalfEven)
    .slice(firstStep);
  refuseEpsilonWithoutSignal(config, timesteps, alphas);
  const jump = Math.floor(config.num_train_timesteps / numInferenceSteps);
  const finalAlphaProd = (config.set_alpha_to_one ?? true) ? 1 : alphaAt(alphas, 0);
  const clip = (config.clip_sample ?? true) ? (config.clip_sample_range ?? 1) : Infinity;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: false,
    addNoise: (latents, noise) => addNoise(latents, noise, timesteps[0] as number, alphas),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample) {
      const timestep = timesteps[stepIndex] as number;
      const prevTimestep = timestep - jump;
      const alphaProdPrev = prevTimestep >= 0 ? alphaAt(alphas, prevTimestep) : finalAlphaProd;
      const alphaProdT = alphaAt(alphas, timestep);
      return moveAlongPrediction(config, noisePred, sample, alphaProdT, alphaProdPrev, clip);
    },
  };
}

/**
 * One deterministic step from ᾱₜ to ᾱₜ₋₁.
 *
 * @param clip the predicted clean sample is cut to [-clip, clip]
 */
export function moveAlongPrediction(
  { prediction_type: type }: SchedulerConfig,
  noisePred: Float32Array,
  sample: Float32Array,
  alphaProdT: number,
  alphaProdPrev: number,
  clip = Infinity,
): Float32Array {
  const [alpha, sigma] = [Math.sqrt(alphaProdT), Math.sqrt(1 - alphaProdT)];
  const [alphaPrev, sigmaPrev] = [Math.sqrt(alphaProdPrev), Math.sqrt(1 - alphaProdPrev)];
  return mapSamples(noisePred, sample, (prediction, x) => {
    // 1. The clean sample that the prediction implies, and its noise (before clipping).
    const original = predictOriginal(type, prediction, x, alpha, sigma);
    const epsilon = type === 'epsilon' ? prediction : predictEpsilon(type, prediction, x);
    const clipped = Math.min(Math.max(original, -clip), clip);
    // 2. Eq. 12 with σₜ = 0: the clean sample plus the direction pointing to xₜ.
    return alphaPrev * clipped + sigmaPrev * epsilon;
  });

  function predictEpsilon(kind: 'v_prediction' | 'sample', prediction: number, x: number) {
    return kind === 'v_prediction'
      ? alpha * prediction + sigma * x
      : (x - alpha * prediction) / sigma;
  }
}
