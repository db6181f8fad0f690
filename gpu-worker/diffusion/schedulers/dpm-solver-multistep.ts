/**
 * @file DPM-Solver++ (2M, midpoint): a multistep solver of the diffusion ODE that predicts the clean
 * sample, good in 15 to 25 steps.
 *
 * Notation: original -> x_θ, alpha -> α, sigmaRate -> σ (so that xₜ = α·x₀ + σ·ε), lambda -> λ =
 * log(α/σ), index s → t for one step, h = λₜ − λₛ, r = h of the step before / h.
 * @see Lu et al. 2022, algorithm 2, https://arxiv.org/abs/2211.01095
 */
import { mapSamples, predictOriginal, roundHalfEven, type Sampler } from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { addNoiseAtSigma, listSigmas, planSteps, ratesOf } from './sigmas.ts';

/** The reference falls back to first order at the end of runs shorter than this. */
const SHORT_RUN_STEPS = 15;

/**
 * @param config of the checkpoint; where the file does not say, spacing is linspace, the last σ zero
 *   and short runs end in first order, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 * @param useKarrasSigmas default: as the file says, else off
 * @throws {RangeError} when the file asks for another order, algorithm or solver type, or for clipped λ
 */
export function createDpmSolverMultistepSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
  useKarrasSigmas = config.use_karras_sigmas ?? false,
): Sampler {
  const order = config.solver_order ?? 2;
  const algorithm = config.algorithm_type ?? 'dpmsolver++';
  // The reference reads other solvers' types as these two when it converts their configs.
  if (order > 2 || !['dpmsolver++', 'deis'].includes(algorithm) || config.solver_type === 'heun') {
    throw new RangeError(
      `scheduler_config.json: expected dpmsolver++ of order 1 or 2 with midpoint, got ${algorithm} of order ${order} with ${config.solver_type ?? 'midpoint'}`,
    );
  }
  const lambdaMin = -Math.log(listSigmas(config).at(-1) as number);
  if ((config.lambda_min_clipped ?? -Infinity) > lambdaMin) {
    throw new RangeError(
      `scheduler_config.json: lambda_min_clipped ${config.lambda_min_clipped} is not supported, expected at most ${lambdaMin.toFixed(2)}`,
    );
  }
  const plan = planSteps(config, numInferenceSteps, useKarrasSigmas);
  const sigmas = plan.sigmas.slice(firstStep);
  const timesteps = plan.timesteps
    .map(config.beta_schedule === 'squaredcos_cap_v2' ? Math.trunc : roundHalfEven)
    .slice(firstStep);
  const endsAtZero = sigmas.at(-1) === 0;
  const lowerOrderFinal =
    endsAtZero ||
    config.euler_at_final === true ||
    ((config.lower_order_final ?? true) && numInferenceSteps < SHORT_RUN_STEPS);

  /** The clean sample as predicted in the step before, and which step that was. */
  let before: { stepIndex: number; original: Float32Array } | undefined;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: false,
    addNoise: (latents, noise) => addNoiseAtSigma(latents, noise, sigmas[0] as number),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample) {
      // 1. α, σ and λ where the step starts (s) and ends (t).
      const s = ratesOf(sigmas[stepIndex] as number);
      const t = ratesOf(sigmas[stepIndex + 1] as number);
      const h = t.lambda - s.lambda;
      // 2. The clean sample that the prediction implies.
      const original = mapSamples(noisePred, sample, (prediction, x) =>
        predictOriginal(config.prediction_type, prediction, x, s.alpha, s.sigmaRate),
      );
      // 3. First order (eq. 9): xₜ = (σₜ/σₛ)·xₛ − αₜ·(e^(−h) − 1)·x_θ(s).
      const sampleRate = t.sigmaRate / s.sigmaRate;
      const originalRate = -t.alpha * Math.expm1(-h);
      const previous = before?.stepIndex === stepIndex - 1 ? before.original : undefined;
      const isLast = stepIndex === timesteps.length - 1;
      before = { stepIndex, original };
      if (order === 1 || previous === undefined || (isLast && lowerOrderFinal)) {
        return mapSamples(original, sample, (x0, x) => sampleRate * x + originalRate * x0);
      }
      // 4. Second order (algorithm 2): x_θ(s) is carried on by half of its last change over r.
      const r = (s.lambda - ratesOf(sigmas[stepIndex - 1] as number).lambda) / h;
      return mapSamples(original, sample, (x0, x, i) => {
        const extrapolated = x0 + (x0 - (previous[i] as number)) / (2 * r);
        return sampleRate * x + originalRate * extrapolated;
      });
    },
  };
}
