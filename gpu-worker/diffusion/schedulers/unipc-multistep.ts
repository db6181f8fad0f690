/**
 * @file UniPC: a multistep solver of the diffusion ODE that predicts the clean sample, steps, and
 * corrects the step once it has seen the prediction at its end; good in 10 to 20 steps.
 *
 * Notation: original -> x_θ, alpha -> α, sigmaRate -> σ (so that xₜ = α·x₀ + σ·ε), lambda -> λ =
 * log(α/σ), index s → t for one step, h = λₜ − λₛ, ratio -> r, weight -> ρ = a, scale -> B(h).
 * @see Zhao et al. 2023, algorithms 5 to 8, https://arxiv.org/abs/2302.04867
 */
import { mapSamples, predictOriginal, roundHalfEven, type Sampler } from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { addNoiseAtSigma, planSteps, ratesOf } from './sigmas.ts';

/** A clean sample as predicted at a noise level. */
interface Prediction {
  readonly sigma: number;
  readonly original: Float32Array;
}

/**
 * @param config of the checkpoint; where the file does not say, order 2 with B₂(h), linspace spacing,
 *   the last σ zero and lower orders at the end, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 * @throws {RangeError} when the file asks for another order or for steps by predicted noise
 */
export function createUniPcMultistepSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  const solverOrder = config.solver_order ?? 2;
  if (solverOrder > 2 || config.predict_x0 === false) {
    throw new RangeError(
      `scheduler_config.json: expected order 1 or 2 and predict_x0, got order ${solverOrder} and predict_x0 ${config.predict_x0 ?? true}`,
    );
  }
  // The reference reads other solvers' types as bh2.
  const isBh1 = config.solver_type === 'bh1';
  const plan = planSteps(config, numInferenceSteps, config.use_karras_sigmas ?? false);
  const sigmas = plan.sigmas.slice(firstStep);
  const timesteps = plan.timesteps.map(roundHalfEven).slice(firstStep);
  const uncorrected = new Set(config.disable_corrector?.map((step) => step - firstStep));
  const lowerOrderFinal = (config.lower_order_final ?? true) || sigmas.at(-1) === 0;

  /** The step before: where it started, by which predictions (newest first), and which step it was. */
  let before:
    | { stepIndex: number; sample: Float32Array; predictions: readonly Prediction[] }
    | undefined;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: false,
    addNoise: (latents, noise) => addNoiseAtSigma(latents, noise, sigmas[0] as number),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample) {
      const sigma = sigmas[stepIndex] as number;
      const last = before?.stepIndex === stepIndex - 1 ? before : undefined;
      // 1. The clean sample that the prediction implies.
      const { alpha, sigmaRate } = ratesOf(sigma);
      const here: Prediction = {
        sigma,
        original: mapSamples(noisePred, sample, (prediction, x) =>
          predictOriginal(config.prediction_type, prediction, x, alpha, sigmaRate),
        ),
      };
      // 2. Corrector: the step before is taken again, now that its end is known.
      const corrected =
        last && !uncorrected.has(stepIndex - 1)
          ? stepBy(last.predictions, last.sample, sigma, isBh1, here.original)
          : sample;
      // 3. Predictor, of an order that there are predictions for.
      const stepsLeft = timesteps.length - stepIndex;
      const order = lowerOrderFinal ? Math.min(solverOrder, stepsLeft) : solverOrder;
      const known = [here, ...(last?.predictions ?? [])];
      const predictions = known.slice(0, order);
      before = { stepIndex, sample: corrected, predictions };
      return stepBy(predictions, corrected, sigmas[stepIndex + 1] as number, isBh1);
    },
  };
}

/**
 * One step from the newest prediction's noise level to another.
 *
 * @param predictions one (first order) or two (second order), newest first
 * @param sample where the newest prediction was made
 * @param originalAtEnd the clean sample as predicted at the end of the step: given, the step is the
 *   corrector's
 */
function stepBy(
  predictions: readonly Prediction[],
  sample: Float32Array,
  sigmaTo: number,
  isBh1: boolean,
  originalAtEnd?: Float32Array,
): Float32Array {
  const [newest, older] = predictions as [Prediction, Prediction?];
  // 1. First order: xₜ = (σₜ/σₛ)·xₛ − αₜ·(e^(−h) − 1)·x_θ(s).
  const s = ratesOf(newest.sigma);
  const t = ratesOf(sigmaTo);
  const h = t.lambda - s.lambda;
  const sampleRate = t.sigmaRate / s.sigmaRate;
  const originalRate = -t.alpha * Math.expm1(-h);
  // 2. Weights of the differences to the older prediction and to the one at the end.
  const scale = isBh1 ? -h : Math.expm1(-h);
  const ratio = older ? (ratesOf(older.sigma).lambda - s.lambda) / h : 0;
  const [olderWeight, endWeight] = originalAtEnd
    ? correctorWeights(h, scale, older && ratio)
    : [older ? 0.5 : 0, 0];
  // 3. Differences that are not there have no weight, even where h is infinite.
  const olderRate = olderWeight === 0 ? 0 : (-t.alpha * scale * olderWeight) / ratio;
  const endRate = endWeight === 0 ? 0 : -t.alpha * scale * endWeight;
  return mapSamples(newest.original, sample, (original, x, i) => {
    const toOlder = older ? (older.original[i] as number) - original : 0;
    const toEnd = originalAtEnd ? (originalAtEnd[i] as number) - original : 0;
    return sampleRate * x + originalRate * original + olderRate * toOlder + endRate * toEnd;
  });
}

/**
 * ρ of the corrector: ½ in first order, else the solution of ρ₁ + ρ₂ = b₁, r·ρ₁ + ρ₂ = b₂, where
 * b₁ = φ₂/B(h), b₂ = 2·φ₃/B(h) and φ are those of −h.
 *
 * @param ratio r of the older prediction; undefined in first order
 * @see Zhao et al. 2023, theorem 3.1
 */
function correctorWeights(h: number, scale: number, ratio?: number): [number, number] {
  if (ratio === undefined) return [0, 0.5];
  const phi2 = Math.expm1(-h) / -h - 1;
  const phi3 = phi2 / -h - 1 / 2;
  const [b1, b2] = [phi2 / scale, (2 * phi3) / scale];
  const olderWeight = (b1 - b2) / (1 - ratio);
  return [olderWeight, b1 - olderWeight];
}
