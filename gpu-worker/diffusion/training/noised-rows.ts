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
 */
export function noiseRows(
  latents: readonly Float32Array[],
  rowShape: readonly [number, number, number],
  { prediction_type }: Pick<SchedulerConfig, 'prediction_type'>,
  alphas: Float64Array,
  randomOf: (row: number) => Philox,
): NoisedRows {
  const rows = latents.length;
  const size = rowShape[0] * rowShape[1] * rowShape[2];
  const noisy = new Float32Array(rows * size);
  const target = new Float32Array(rows * size);
  const timesteps = new Int32Array(rows);
  for (const [row, clean] of latents.entries()) {
    const random = randomOf(row);
    const timestep = random.integer(alphas.length);
    const noise = random.normals(size);
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
