/**
 * @file Noise levels in the form that DPM-Solver++ and Euler step through: σ = √((1 − ᾱ) / ᾱ), the
 * noise over the signal.
 */
import { alphasCumprod } from './ddpm.ts';
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
