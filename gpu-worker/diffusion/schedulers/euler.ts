/**
 * @file Euler's method on the diffusion ODE, plain and ancestral, in the variance-exploding form:
 * samples are x₀ + σ·ε, and the UNet's input is scaled back.
 *
 * Notation: sigma -> σ, original -> D(x; σ), derivative -> dx/dσ.
 * @see Karras et al. 2022, algorithm 1, https://arxiv.org/abs/2206.00364
 */
import {
  mapSamples,
  predictOriginal,
  requireNoise,
  type Sampler,
  spaceTimesteps,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { interpolateSigma, listKarrasSigmas, listSigmas, timestepOfSigma } from './sigmas.ts';

/**
 * @param config of the checkpoint; where the file does not say, spacing is linspace, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 */
export function createEulerSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  const useKarrasSigmas = config.use_karras_sigmas ?? false;
  const { sigmas, ...sampler } = createBase(config, numInferenceSteps, firstStep, useKarrasSigmas);
  return {
    ...sampler,
    needsNoise: false,
    step(noisePred, stepIndex, sample) {
      const sigma = sigmas[stepIndex] as number;
      const sigmaNext = sigmas[stepIndex + 1] as number;
      return moveTo(config, noisePred, sample, sigma, sigmaNext);
    },
  };
}

/**
 * Goes further down than the next noise level and returns to it with fresh noise.
 *
 * @param config as for {@link createEulerSampler}
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 */
export function createEulerAncestralSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  // Karras spacing and another last σ are not settings of the reference's ancestral sampler.
  const plain: SchedulerConfig = { ...config, final_sigmas_type: 'zero' };
  const { sigmas, ...sampler } = createBase(plain, numInferenceSteps, firstStep, false);
  return {
    ...sampler,
    needsNoise: true,
    step(noisePred, stepIndex, sample, noise) {
      const fresh = requireNoise(noise, sample.length);
      const sigma = sigmas[stepIndex] as number;
      const sigmaNext = sigmas[stepIndex + 1] as number;
      const sigmaUp = Math.sqrt((sigmaNext ** 2 * (sigma ** 2 - sigmaNext ** 2)) / sigma ** 2);
      const sigmaDown = Math.sqrt(sigmaNext ** 2 - sigmaUp ** 2);
      const moved = moveTo(config, noisePred, sample, sigma, sigmaDown);
      return mapSamples(fresh, moved, (epsilon, x) => x + sigmaUp * epsilon);
    },
  };
}

function createBase(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep: number,
  useKarrasSigmas: boolean,
) {
  const spacing = config.timestep_spacing ?? 'linspace';
  const table = listSigmas(config);
  let timesteps = spaceTimesteps(config, spacing, numInferenceSteps).map(Math.fround);
  let sigmas = timesteps.map((timestep) => interpolateSigma(table, timestep));
  if (useKarrasSigmas) {
    sigmas = listKarrasSigmas(sigmas[0] as number, sigmas.at(-1) as number, numInferenceSteps);
    timesteps = sigmas.map((sigma) => Math.fround(timestepOfSigma(sigma, table)));
  }
  const sigmaMax = Math.max(...sigmas);
  sigmas.push(config.final_sigmas_type === 'sigma_min' ? (table[0] as number) : 0);
  sigmas = sigmas.slice(firstStep);
  return {
    sigmas,
    timesteps: timesteps.slice(firstStep),
    // In leading spacing the signal still in the first step's input is accounted for.
    initNoiseSigma: spacing === 'leading' ? Math.sqrt(sigmaMax ** 2 + 1) : sigmaMax,
    addNoise(latents: Float32Array, noise: Float32Array): Float32Array {
      const sigma = sigmas[0] as number;
      return mapSamples(noise, latents, (epsilon, x) => x + sigma * epsilon);
    },
    scaleModelInput(sample: Float32Array, stepIndex: number): Float32Array {
      const scale = 1 / Math.sqrt((sigmas[stepIndex] as number) ** 2 + 1);
      return sample.map((x) => x * scale);
    },
  };
}

/** One Euler step: x + (σₜ − σ)·(x − D(x; σ)) / σ. */
function moveTo(
  config: SchedulerConfig,
  noisePred: Float32Array,
  sample: Float32Array,
  sigma: number,
  sigmaTo: number,
): Float32Array {
  // The variance-preserving sample is x·α with α = 1/√(σ² + 1); its noise rate is σ·α.
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
  return mapSamples(noisePred, sample, (prediction, x) => {
    const original = predictOriginal(
      config.prediction_type,
      prediction,
      x * alpha,
      alpha,
      sigma * alpha,
    );
    const derivative = (x - original) / sigma;
    return x + derivative * (sigmaTo - sigma);
  });
}
