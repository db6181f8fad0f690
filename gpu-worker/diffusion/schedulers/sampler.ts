/**
 * @file What every sampler offers to the sampling loop, and the steps that several of them share:
 * timestep spacing and turning a prediction into a clean sample.
 */
import type { SchedulerConfig } from './scheduler-config.ts';

/**
 * Walks from noise to a clean sample in a fixed number of steps.
 *
 * A sampler belongs to one batch: multistep solvers keep earlier predictions.
 */
export interface Sampler {
  /** What the UNet gets as its timestep at each step; fractions are possible. */
  readonly timesteps: readonly number[];
  /** The starting noise (standard normal) is multiplied by this. */
  readonly initNoiseSigma: number;
  /** Whether `step` must be given fresh standard normal noise every time. */
  readonly needsNoise: boolean;
  /**
   * Noises clean latents as much as the first step expects, to start from a picture.
   *
   * @param latents float32, already multiplied by the scaling factor
   * @param noise float32, standard normal, same length
   */
  addNoise(latents: Float32Array, noise: Float32Array): Float32Array;
  /**
   * @param sample float32, any shape
   * @returns what the UNet gets as its input at this step; the sample itself where nothing changes
   */
  scaleModelInput(sample: Float32Array, stepIndex: number): Float32Array;
  /**
   * @param noisePred float32, the UNet's output after guidance
   * @param stepIndex counts in order from 0 up to `timesteps.length - 1`
   * @param sample float32, unscaled, same length
   * @param noise float32, standard normal, same length; only where `needsNoise`
   * @returns the sample for the next step, or the clean sample after the last one
   */
  step(
    noisePred: Float32Array,
    stepIndex: number,
    sample: Float32Array,
    noise?: Float32Array,
  ): Float32Array;
}

/**
 * Spreads the steps over the training timesteps, first (noisiest) to last.
 *
 * @param spacing as in table 2 of Lin et al. 2023, https://arxiv.org/abs/2305.08891
 * @returns one timestep a step; with linspace possibly fractions
 */
export function spaceTimesteps(
  config: SchedulerConfig,
  spacing: 'linspace' | 'leading' | 'trailing',
  numInferenceSteps: number,
): number[] {
  const numTrainTimesteps = config.num_train_timesteps;
  checkStepCount(config, numInferenceSteps);
  const ascending = Array.from({ length: numInferenceSteps }, (_, i) => i);
  switch (spacing) {
    case 'linspace': {
      const gap = (numTrainTimesteps - 1) / Math.max(numInferenceSteps - 1, 1);
      return ascending.map((i) => i * gap).reverse();
    }
    case 'leading': {
      const gap = Math.floor(numTrainTimesteps / numInferenceSteps);
      const timesteps = ascending.map((i) => i * gap + (config.steps_offset ?? 0)).reverse();
      return checkSpacing(config, timesteps);
    }
    case 'trailing': {
      const gap = numTrainTimesteps / numInferenceSteps;
      return ascending.map((i) => roundHalfEven(numTrainTimesteps - i * gap) - 1);
    }
  }
}

/** @throws {RangeError} when there are no steps or more than the model was trained with */
export function checkStepCount(config: SchedulerConfig, numInferenceSteps: number): void {
  if (
    !Number.isInteger(numInferenceSteps) ||
    numInferenceSteps < 1 ||
    numInferenceSteps > config.num_train_timesteps
  ) {
    throw new RangeError(
      `numInferenceSteps: expected an integer in [1, ${config.num_train_timesteps}], got ${numInferenceSteps}`,
    );
  }
}

/**
 * With an offset, as many steps as the model was trained with do not fit.
 * @throws {RangeError} when a timestep lies beyond the schedule or comes twice
 */
export function checkSpacing(config: SchedulerConfig, timesteps: number[]): number[] {
  const fits = timesteps[0]! < config.num_train_timesteps;
  if (fits && new Set(timesteps).size === timesteps.length) return timesteps;
  throw new RangeError(
    `numInferenceSteps: ${timesteps.length} steps do not fit into the schedule's ${config.num_train_timesteps} with offset ${config.steps_offset ?? 0}; take fewer`,
  );
}

/** Rounds as numpy does, with which the reference's timesteps were made: a half goes to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The clean sample that a prediction implies, x₀, where xₜ = α·x₀ + σ·ε and v = α·ε − σ·x₀.
 *
 * @param alpha √ᾱ of the step
 * @param sigma √(1 − ᾱ) of the step
 * @see Salimans & Ho 2022, appendix D, https://arxiv.org/abs/2202.00512
 */
export function predictOriginal(
  predictionType: SchedulerConfig['prediction_type'],
  prediction: number,
  sample: number,
  alpha: number,
  sigma: number,
): number {
  switch (predictionType) {
    case 'epsilon':
      return (sample - sigma * prediction) / alpha;
    case 'v_prediction':
      return alpha * sample - sigma * prediction;
    case 'sample':
      return prediction;
  }
}

/** Applies a per-element rule to equally long arrays. */
export function mapSamples(
  noisePred: Float32Array,
  sample: Float32Array,
  rule: (prediction: number, sample: number, i: number) => number,
): Float32Array {
  if (noisePred.length !== sample.length) {
    throw new RangeError(
      `step: ${noisePred.length} predicted elements for ${sample.length} of the sample`,
    );
  }
  const result = new Float32Array(sample.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = rule(noisePred[i] as number, sample[i] as number, i);
  }
  return result;
}

/** @throws {RangeError} when a stochastic sampler is not given its noise */
export function requireNoise(noise: Float32Array | undefined, length: number): Float32Array {
  if (noise?.length !== length) {
    throw new RangeError(`step: expected ${length} elements of noise, got ${noise?.length ?? 0}`);
  }
  return noise;
}
