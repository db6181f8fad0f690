/**
 * @file PNDM's linear multistep method (PLMS), the sampler that Stable Diffusion 1's files name.
 *
 * Notation: history -> e_t, newest first; combined -> e′_t; index t → t − δ for one step.
 * @see Liu et al. 2022, eq. 9 and 12, https://arxiv.org/abs/2202.09778
 */
import { moveAlongPrediction } from './ddim.ts';
import { addNoise, alphaAt, alphasCumprod } from './ddpm.ts';
import { mapSamples, roundHalfEven, type Sampler, spaceTimesteps } from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/** Adams–Bashforth weights of one to four predictions, newest first (eq. 12). */
const ADAMS_BASHFORTH: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * Takes one step more than asked for: the first is taken twice, so that the second one has the mean
 * of two predictions to go by.
 *
 * The reference's Runge–Kutta start is not offered: a file that does not say gets the plain start,
 * as Stable Diffusion's files ask for. Started from a picture, the first of the remaining steps is
 * the one taken twice; the reference loses a step there.
 *
 * @param config of the checkpoint; where the file does not say, spacing is leading and
 *   `set_alpha_to_one` off, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 * @throws {RangeError} when the file asks for the Runge–Kutta start
 */
export function createPndmSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  if (config.skip_prk_steps === false) {
    throw new RangeError('scheduler_config.json: skip_prk_steps false is not supported');
  }
  // Zero terminal SNR is not a setting of the reference's PNDM.
  const alphas = alphasCumprod({ ...config, rescale_betas_zero_snr: false });
  const spaced = spaceTimesteps(config, config.timestep_spacing ?? 'leading', numInferenceSteps)
    .map(roundHalfEven)
    .slice(firstStep);
  const timesteps = [...spaced.slice(0, 2), ...spaced.slice(1)];
  const jump = Math.floor(config.num_train_timesteps / numInferenceSteps);
  const finalAlphaProd = (config.set_alpha_to_one ?? false) ? 1 : alphaAt(alphas, 0);

  let history: Float32Array[] = [];
  let start: Float32Array;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: false,
    addNoise: (latents, noise) => addNoise(latents, noise, timesteps[0] as number, alphas),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample) {
      const timestep = timesteps[stepIndex] as number;
      if (stepIndex === 1) {
        // The first step again, from its own start, by the mean of the predictions at both ends.
        const mean = mapSamples(noisePred, history[0] as Float32Array, (a, b) => (a + b) / 2);
        return move(mean, start, timestep + jump, timestep);
      }
      if (stepIndex === 0) {
        history = [];
        start = sample;
      }
      history = [noisePred, ...history.slice(0, ADAMS_BASHFORTH.length - 1)];
      return move(combine(history), sample, timestep, timestep - jump);
    },
  };

  function move(combined: Float32Array, sample: Float32Array, from: number, to: number) {
    const alphaProdTo = to >= 0 ? alphaAt(alphas, to) : finalAlphaProd;
    return moveAlongPrediction(config, combined, sample, alphaAt(alphas, from), alphaProdTo);
  }
}

function combine(history: readonly Float32Array[]): Float32Array {
  const weights = ADAMS_BASHFORTH[history.length - 1] as readonly number[];
  const newest = history[0] as Float32Array;
  return newest.map((_, i) =>
    weights.reduce((sum, weight, age) => sum + weight * (history[age]?.[i] as number), 0),
  );
}
