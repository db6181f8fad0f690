/**
 * @file The diffusion process itself (DDPM): noise schedule, adding noise, what the UNet learns to
 * predict, and ancestral sampling.
 *
 * Notation: betas -> β, alphaProdT -> ᾱₜ, latents -> x₀, noise -> ε.
 * @see Ho et al. 2020, https://arxiv.org/abs/2006.11239
 */
import {
  mapSamples,
  predictOriginal,
  requireNoise,
  roundHalfEven,
  type Sampler,
  spaceTimesteps,
} from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/**
 * The share of signal variance left at each timestep, ᾱ.
 *
 * @param config of the checkpoint
 * @returns `[num_train_timesteps]`, falling; float32 values, as the reference rounds them
 * @see Ho et al. 2020, section 2
 */
export function alphasCumprod(config: SchedulerConfig): Float64Array {
  const alphas = listBetas(config).map((beta) => Math.fround(1 - beta));
  const cumprod = cumulate(alphas);
  return config.rescale_betas_zero_snr ? rescaleToZeroTerminalSnr(cumprod) : cumprod;
}

function listBetas(config: SchedulerConfig): Float64Array {
  const { beta_start, beta_end, num_train_timesteps, trained_betas } = config;
  if (trained_betas !== null) return Float64Array.from(trained_betas, Math.fround);
  switch (config.beta_schedule) {
    case 'linear':
      return linspaceFloat32(beta_start, beta_end, num_train_timesteps);
    case 'scaled_linear':
      return linspaceFloat32(Math.sqrt(beta_start), Math.sqrt(beta_end), num_train_timesteps).map(
        (root) => Math.fround(root * root),
      );
    case 'squaredcos_cap_v2': {
      // Nichol & Dhariwal 2021, eq. 17, https://arxiv.org/abs/2102.09672
      const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
      return Float64Array.from({ length: num_train_timesteps }, (_, i) =>
        Math.fround(
          Math.min(
            1 - alphaBar((i + 1) / num_train_timesteps) / alphaBar(i / num_train_timesteps),
            0.999,
          ),
        ),
      );
    }
  }
}

/** Evenly spaced float32 values, counted from the nearer end as torch does. */
function linspaceFloat32(start: number, end: number, length: number): Float64Array {
  const first = Math.fround(start);
  const last = Math.fround(end);
  const gap = Math.fround(Math.fround(last - first) / (length - 1));
  return Float64Array.from({ length }, (_, i) =>
    Math.fround(i < length / 2 ? first + gap * i : last - gap * (length - 1 - i)),
  );
}

function cumulate(alphas: Float64Array): Float64Array {
  let product = 1;
  return alphas.map((alpha) => {
    product *= alpha;
    return Math.fround(product);
  });
}

/**
 * Shifts and stretches √ᾱ so that nothing of the signal is left at the last timestep.
 *
 * @see Lin et al. 2023, algorithm 1, https://arxiv.org/abs/2305.08891
 */
function rescaleToZeroTerminalSnr(cumprod: Float64Array): Float64Array {
  const roots = cumprod.map(Math.sqrt);
  const first = roots[0] as number;
  const last = roots.at(-1) as number;
  return roots.map((root) => ((root - last) * (first / (first - last))) ** 2);
}

/**
 * Adds noise to one row of clean latents (the forward process): √ᾱₜ·x₀ + √(1 − ᾱₜ)·ε.
 *
 * @param latents float32, already multiplied by the scaling factor
 * @param noise float32, standard normal, same length
 * @param timestep in `[0, alphas.length)`
 * @param alphas from {@link alphasCumprod}
 * @returns float32, the noisy latents
 * @throws {RangeError} when the timestep lies outside the schedule
 * @see Ho et al. 2020, eq. 4
 */
export function addNoise(
  latents: Float32Array,
  noise: Float32Array,
  timestep: number,
  alphas: Float64Array,
): Float32Array {
  const alphaProdT = alphaAt(alphas, timestep);
  const signalRate = Math.sqrt(alphaProdT);
  const noiseRate = Math.sqrt(1 - alphaProdT);
  return mapSamples(noise, latents, (epsilon, x) => signalRate * x + noiseRate * epsilon);
}

/**
 * What the UNet should predict for one row: the noise itself, or the velocity √ᾱₜ·ε − √(1 − ᾱₜ)·x₀.
 *
 * @param latents float32, clean
 * @param noise float32, as given to {@link addNoise}
 * @param timestep in `[0, alphas.length)`
 * @param alphas from {@link alphasCumprod}
 * @param predictionType of the checkpoint
 * @returns float32, same length
 * @throws {RangeError} when the timestep lies outside the schedule
 * @see Ho et al. 2020, eq. 14; Salimans & Ho 2022, appendix D, https://arxiv.org/abs/2202.00512
 */
export function predictionTarget(
  latents: Float32Array,
  noise: Float32Array,
  timestep: number,
  alphas: Float64Array,
  predictionType: SchedulerConfig['prediction_type'],
): Float32Array {
  const alphaProdT = alphaAt(alphas, timestep);
  switch (predictionType) {
    case 'epsilon':
      return noise.slice();
    case 'sample':
      return latents.slice();
    case 'v_prediction': {
      const signalRate = Math.sqrt(alphaProdT);
      const noiseRate = Math.sqrt(1 - alphaProdT);
      return mapSamples(noise, latents, (epsilon, x) => signalRate * epsilon - noiseRate * x);
    }
  }
}

/** @throws {RangeError} when the timestep lies outside the schedule */
export function alphaAt(alphas: Float64Array, timestep: number): number {
  const alphaProdT = alphas[timestep];
  if (alphaProdT === undefined) {
    throw new RangeError(`timestep: expected an integer in [0, ${alphas.length}), got ${timestep}`);
  }
  return alphaProdT;
}

/**
 * From pure noise, predicted noise says nothing of the picture.
 *
 * @throws {RangeError} when a step would divide by √ᾱ = 0
 */
export function refuseEpsilonWithoutSignal(
  config: SchedulerConfig,
  timesteps: readonly number[],
  alphas: Float64Array,
): void {
  if (config.prediction_type === 'epsilon' && timesteps.some((t) => alphas[t] === 0)) {
    throw new RangeError(
      'scheduler_config.json: rescale_betas_zero_snr needs prediction_type "v_prediction"',
    );
  }
}

/**
 * Ancestral sampling, the reverse of the process step by step, as the paper's class images are made.
 *
 * @param config of the checkpoint; `clip_sample` is on where the file does not say, as in diffusers
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @param firstStep how many of them to leave out at the noisy end
 * @see Ho et al. 2020, algorithm 2
 */
export function createDdpmSampler(
  config: SchedulerConfig,
  numInferenceSteps: number,
  firstStep = 0,
): Sampler {
  const varianceType = config.variance_type ?? 'fixed_small';
  if (varianceType !== 'fixed_small') {
    throw new RangeError(`scheduler_config.json: variance_type ${varianceType} is not supported`);
  }
  const alphas = alphasCumprod(config);
  const timesteps = spaceTimesteps(config, config.timestep_spacing ?? 'leading', numInferenceSteps)
    .map(roundHalfEven)
    .slice(firstStep);
  refuseEpsilonWithoutSignal(config, timesteps, alphas);
  const clip = (config.clip_sample ?? true) ? (config.clip_sample_range ?? 1) : Infinity;

  return {
    timesteps,
    initNoiseSigma: 1,
    needsNoise: true,
    addNoise: (latents, noise) => addNoise(latents, noise, timesteps[0] as number, alphas),
    scaleModelInput: (sample) => sample,
    step(noisePred, stepIndex, sample, noise) {
      const fresh = requireNoise(noise, sample.length);
      // 1. ᾱ here and at the next timestep; β and α of the jump between them.
      const timestep = timesteps[stepIndex] as number;
      const alphaProdT = alphaAt(alphas, timestep);
      const next = timesteps[stepIndex + 1];
      const alphaProdNext = next === undefined ? 1 : alphaAt(alphas, next);
      const alphaT = alphaProdT / alphaProdNext;
      const betaT = 1 - alphaT;
      // 2. Mean of the posterior, eq. 7.
      const originalRate = (Math.sqrt(alphaProdNext) * betaT) / (1 - alphaProdT);
      const sampleRate = (Math.sqrt(alphaT) * (1 - alphaProdNext)) / (1 - alphaProdT);
      // 3. Its variance, eq. 7, never quite 0 as in the reference.
      const variance = Math.max(((1 - alphaProdNext) / (1 - alphaProdT)) * betaT, 1e-20);
      const deviation = timestep > 0 ? Math.sqrt(variance) : 0;
      const [alpha, sigma] = [Math.sqrt(alphaProdT), Math.sqrt(1 - alphaProdT)];
      return mapSamples(noisePred, sample, (prediction, x, i) => {
        const original = predictOriginal(config.prediction_type, prediction, x, alpha, sigma);
        const clipped = Math.min(Math.max(original, -clip), clip);
        return originalRate * clipped + sampleRate * x + deviation * (fresh[i] as number);
      });
    },
  };
}
