/** @file Noises clean latents for a training step: one row a sample, each with random numbers of its own. */
import type { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { addNoise, predictionTarget } from '../schedulers/ddpm.ts';
import type { SchedulerConfig } from '../schedulers/scheduler-config.ts';

export interface NoisedRows {
  /** Feeds `noisyLatents`, `target` and `timesteps` of the denoising loss. */
  readonly feeds: Feeds;
  readonly timesteps: Int32Array;
}

/**
 * Draws a timestep and noise for each row and noises it.
 *
 * @param latents clean rows, each float32 `[c · h · w]`, multiplied by the scaling factor
 * @param rowShape `[c, h, w]`
 * @param randomOf random numbers of a row; rows are independent of each other
 * @param noiseOffset see {@link drawNoise}
 * @param timestepOf uniform over the schedule by default
 */
export function noiseRows(
  latents: readonly Float32Array[],
  rowShape: readonly [number, number, number],
  { prediction_type }: Pick<SchedulerConfig, 'prediction_type'>,
  alphas: Float64Array,
  randomOf: (row: number) => Philox,
  noiseOffset = 0,
  timestepOf = (_row: number, random: Philox): number => random.integer(alphas.length),
): NoisedRows {
  const rows = latents.length;
  const size = rowShape[0] * rowShape[1] * rowShape[2];
  const noisy = new Float32Array(rows * size);
  const target = new Float32Array(rows * size);
  const timesteps = new Int32Array(rows);
  for (const [row, clean] of latents.entries()) {
    const random = randomOf(row);
    const timestep = timestepOf(row, random);
    const noise = drawNoise(random, rowShape, noiseOffset);
    timesteps[row] = timestep;
    noisy.set(addNoise(clean, noise, timestep, alphas), row * size);
    target.set(predictionTarget(clean, noise, timestep, alphas, prediction_type), row * size);
  }
  const shape = [rows, ...rowShape];
  return {
    timesteps,
    feeds: {
      noisyLatents: { data: noisy, shape },
      target: { data: target, shape },
      timesteps: { data: timesteps, shape: [rows] },
    },
  };
}

/**
 * Standard normal noise, each channel shifted as a whole by offset · N(0, 1): the model learns to
 * change a picture's mean, which without it is left as the noise had it.
 *
 * @param offset 0: no shift
 * @see Guttenberg 2023, https://www.crosslabs.org/blog/diffusion-with-offset-noise
 */
function drawNoise(
  random: Philox,
  [channels, height, width]: readonly [number, number, number],
  offset: number,
): Float32Array {
  const area = height * width;
  const noise = random.normals(channels * area);
  if (offset === 0) return noise;
  const shifts = random.normals(channels);
  return noise.map((value, i) => value + offset * shifts[Math.floor(i / area)]!);
}
