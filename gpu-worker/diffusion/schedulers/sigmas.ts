/**
 * @file Noise levels in the form that DPM-Solver++, UniPC and Euler step through:
 * σ = √((1 − ᾱ) / ᾱ), the noise over the signal.
 */
import { alphasCumprod } from './ddpm.ts';
import {
  checkSpacing,
  checkStepCount,
  mapSamples,
  predictOriginal,
  roundHalfEven,
  spaceTimesteps,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/** Replaces ᾱ = 0 at the last timestep of a zero-terminal-SNR schedule, where σ would be infinite. */
const SMALLEST_ALPHA_PROD = 2 ** -24;

/**
 * σ of every training timestep.
 *
 * @param config of the checkpoint
 * @returns `[num_train_timesteps]`, rising
 */
export function listSigmas(config: SchedulerConfig): Float64Array {
  return alphasCumprod(config).map((alphaProd) => {
    const kept = alphaProd === 0 ? SMALLEST_ALPHA_PROD : alphaProd;
    return Math.sqrt((1 - kept) / kept);
  });
}

/** σ at a timestep that may lie between two, linearly interpolated. */
export function interpolateSigma(sigmas: Float64Array, timestep: number): number {
  const low = Math.min(Math.max(Math.floor(timestep), 0), sigmas.length - 1);
  const high = Math.min(low + 1, sigmas.length - 1);
  const [from, to] = [sigmas[low] as number, sigmas[high] as number];
  return from + (to - from) * (timestep - low);
}

/**
 * Noise levels that fall faster where the picture's details form.
 *
 * @see Karras et al. 2022, eq. 5, ρ = 7, https://arxiv.org/abs/2206.00364
 */
export function listKarrasSigmas(sigmaMax: number, sigmaMin: number, count: number): number[] {
  const rho = 7;
  const maxRoot = sigmaMax ** (1 / rho);
  const minRoot = sigmaMin ** (1 / rho);
  return Array.from(
    { length: count },
    (_, i) => (maxRoot + (count === 1 ? 0 : i / (count - 1)) * (minRoot - maxRoot)) ** rho,
  );
}

/** The timestep, possibly between two, whose σ is nearest on a logarithmic scale. */
export function timestepOfSigma(sigma: number, sigmas: Float64Array): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10));
  const above = sigmas.findIndex((other) => Math.log(other) > logSigma);
  const last = sigmas.length - 2;
  const low = Math.min(above === -1 ? last : Math.max(above - 1, 0), last);
  const logLow = Math.log(sigmas[low] as number);
  const logHigh = Math.log(sigmas[low + 1] as number);
  const weight = Math.min(Math.max((logLow - logSigma) / (logLow - logHigh), 0), 1);
  return low + weight;
}

/**
 * The steps of a multistep solver.
 *
 * @param config where the file does not say, spacing is linspace and the last σ zero
 * @param useKarrasSigmas timesteps are then fractions: how they are rounded is the solver's own
 * @returns the timesteps, noisiest first, and the σ at each and after the last
 * @throws {RangeError} when there are no steps or more than the model was trained with
 */
export function planSteps(
  config: SchedulerConfig,
  numInferenceSteps: number,
  useKarrasSigmas: boolean,
): { timesteps: number[]; sigmas: number[] } {
  checkStepCount(config, numInferenceSteps);
  const table = listSigmas(config);
  const lowest = table[0] as number;
  const sigmaLast = config.final_sigmas_type === 'sigma_min' ? lowest : 0;
  if (useKarrasSigmas) {
    const sigmas = listKarrasSigmas(table.at(-1) as number, lowest, numInferenceSteps);
    const timesteps = sigmas.map((sigma) => timestepOfSigma(sigma, table));
    return { timesteps, sigmas: [...sigmas, sigmaLast] };
  }
  const spacing = config.timestep_spacing ?? 'linspace';
  // One point more than there are steps, without the last one, except in trailing.
  const timesteps = (
    spacing === 'trailing'
      ? spaceTimesteps(config, spacing, numInferenceSteps)
      : spaceOneMore(config, spacing, numInferenceSteps)
  ).map(roundHalfEven);
  return {
    timesteps,
    sigmas: [...timesteps.map((timestep) => interpolateSigma(table, timestep)), sigmaLast],
  };
}

function spaceOneMore(
  config: SchedulerConfig,
  spacing: 'linspace' | 'leading',
  numInferenceSteps: number,
): number[] {
  const numTrainTimesteps = config.num_train_timesteps;
  const gap =
    spacing === 'linspace'
      ? (numTrainTimesteps - 1) / numInferenceSteps
      : Math.floor(numTrainTimesteps / (numInferenceSteps + 1));
  const offset = spacing === 'linspace' ? 0 : (config.steps_offset ?? 0);
  const timesteps = Array.from(
    { length: numInferenceSteps },
    (_, i) => (numInferenceSteps - i) * gap + offset,
  );
  return checkSpacing(config, timesteps);
}

/** α and σ-rate of the variance-preserving sample xₜ = α·x₀ + σ-rate·ε, and λ = log(α/σ-rate). */
export function ratesOf(sigma: number): { alpha: number; sigmaRate: number; lambda: number } {
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
  return { alpha, sigmaRate: sigma * alpha, lambda: -Math.log(sigma) };
}

/** Noises clean latents to a σ: α·x₀ + σ-rate·ε. */
export function addNoiseAtSigma(
  latents: Float32Array,
  noise: Float32Array,
  sigma: number,
): Float32Array {
  const { alpha, sigmaRate } = ratesOf(sigma);
  return mapSamples(noise, latents, (epsilon, x) => alpha * x + sigmaRate * epsilon);
}

/**
 * The clean latents that a prediction implies, whatever the sampler.
 *
 * @param prediction float32, the UNet's output after guidance
 * @param input float32, what the UNet was given: variance-preserving for every sampler
 * @param timestep what the UNet was told, possibly between two
 */
export function estimateClean(
  config: SchedulerConfig,
  prediction: Float32Array,
  input: Float32Array,
  timestep: number,
): Float32Array {
  const { alpha, sigmaRate } = ratesOf(interpolateSigma(listSigmas(config), timestep));
  return mapSamples(prediction, input, (value, x) =>
    predictOriginal(config.prediction_type, value, x, alpha, sigmaRate),
  );
}
