/**
 * @file DDIM sampling without added noise (η = 0).
 *
 * Notation: alphaProdT -> ᾱₜ, alphaProdPrev -> ᾱₜ₋₁ (of the next, less noisy step), original -> x₀,
 * epsilon -> ε.
 * @see Song et al. 2020, eq. 12, https://arxiv.org/abs/2010.02502
 */
import { alphaAt, alphasCumprod, refuseEpsilonWithoutSignal } from './ddpm.ts';
import {
  mapSamples,
  predictOriginal,
  refuseUnsupported,
  roundHalfEven,
  type Sampler,
  spaceTimesteps,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/**
 * @param config of the checkpoint; where the file does not say, `clip_sample` and `set_alpha_to_one`
 *   are on, spacing is leading and `steps_offset` 0, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 */
export function createDdimSampler(config: SchedulerConfig, numInferenceSteps: number): Sampler {
  refuseUnsupported(config);
  const alphas = alphasCumprod(config);
  const timesteps = spaceTimesteps(
    config,
    config.timestep_spacing ?? 'leading',
    numInferenceSteps,
  ).map(roundHalfEven);
  refuseEpsilonWithoutSignal(config, timesteps, alphas);
  const jump = Math.floor(config.num_train_timesteps / numInferenceSteps);
  const finalAlphaProd = (config.set_alpha_to_one ?? true) ? 1 : alphaAt(alphas, 0);
  const clip = (config.clip_sample ?? true) ? (config.clip_sample_range ?? 1) : Infinity;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: false,
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample) {
      // 1. ᾱ here and where the step ends.
      const timestep = timesteps[stepIndex] as number;
      const alphaProdT = alphaAt(alphas, timestep);
      const prevTimestep = timestep - jump;
      const alphaProdPrev = prevTimestep >= 0 ? alphaAt(alphas, prevTimestep) : finalAlphaProd;
      const [alpha, sigma] = [Math.sqrt(alphaProdT), Math.sqrt(1 - alphaProdT)];
      const [alphaPrev, sigmaPrev] = [Math.sqrt(alphaProdPrev), Math.sqrt(1 - alphaProdPrev)];
      const type = config.prediction_type;
      return mapSamples(noisePred, sample, (prediction, x) => {
        // 2. The clean sample that the prediction implies, and its noise (before clipping).
        const original = predictOriginal(type, prediction, x, alpha, sigma);
        const epsilon = type === 'epsilon' ? prediction : predictEpsilon(type, prediction, x);
        const clipped = Math.min(Math.max(original, -clip), clip);
        // 3. Eq. 12 with σₜ = 0: the clean sample plus the direction pointing to xₜ.
        return alphaPrev * clipped + sigmaPrev * epsilon;
      });

      function predictEpsilon(kind: 'v_prediction' | 'sample', prediction: number, x: number) {
        return kind === 'v_prediction'
          ? alpha * prediction + sigma * x
          : (x - alpha * prediction) / sigma;
      }
    },
  };
}
