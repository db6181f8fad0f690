/** @file Min-SNR weights of the denoising loss. */
import { alphaAt } from '../schedulers/ddpm.ts';
import type { SchedulerConfig } from '../schedulers/scheduler-config.ts';

/**
 * How much a row counts whose timestep has the signal-to-noise ratio SNR = ᾱ / (1 − ᾱ): the weight
 * min(SNR, γ) of an error in x₀, as an error in what the UNet predicts.
 *
 * noise: min(SNR, γ) / SNR; velocity: min(SNR, γ) / (SNR + 1); picture: min(SNR, γ)
 *
 * @param alphas ᾱ by timestep
 * @param gamma γ > 0
 * @throws {RangeError} when the timestep lies outside the schedule
 * @see Hang et al. 2023, section 3.4, https://arxiv.org/abs/2303.09556
 */
export function minSnrWeight(
  timestep: number,
  alphas: Float64Array,
  gamma: number,
  predictionType: SchedulerConfig['prediction_type'],
): number {
  const alphaProdT = alphaAt(alphas, timestep);
  const snr = alphaProdT / (1 - alphaProdT);
  switch (predictionType) {
    case 'epsilon':
      // Written so that no signal at all, SNR 0, gives the limit 1.
      return Math.min(1, gamma / snr);
    case 'v_prediction':
      return Math.min(snr, gamma) / (snr + 1);
    case 'sample':
      return Math.min(snr, gamma);
  }
}
