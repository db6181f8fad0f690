/** @file What one DreamBooth step is fed: which pictures, which noise, which weights. */

import { type PictureFrame, timeIdsOf } from '../diffusion/pipelines/time-ids.ts';
import type { SchedulerConfig } from '../diffusion/schedulers/scheduler-config.ts';
import { minSnrWeight } from '../diffusion/training/min-snr.ts';
import { noiseRows } from '../diffusion/training/noised-rows.ts';
import { Philox } from '../tensor/random/philox.ts';
import type { Feeds, Tensor } from '../tensor/runtime/session.ts';
import { type LatentPosteriors, shuffledRounds } from './dataset.ts';
import type { TrainingSettings } from './requests.ts';

/** Everything that stays the same from step to step. */
export interface StepData {
  readonly instance: LatentPosteriors;
  /** Absent where the prior is not preserved. */
  readonly class?: LatentPosteriors;
  readonly alphas: Float64Array;
  readonly predictionType: SchedulerConfig['prediction_type'];
  /** The instance prompt, then the class prompt: token ids or states, as the denoising loss names them. */
  readonly prompts: Readonly<Record<string, Tensor>>;
  /** Whether the UNet is told what of each picture is shown. */
  readonly withTimeIds: boolean;
}

/** What a step's pictures, noise and weights depend on. */
export type StepSettings = Pick<
  TrainingSettings,
  | 'seed'
  | 'trainBatchSize'
  | 'gradientAccumulationSteps'
  | 'priorLossWeight'
  | 'snrGamma'
  | 'noiseOffset'
>;

/** One of the batches whose gradients make up a step. */
export interface StepBatch {
  /** Numbers of its rows within the step: instance rows are counted first, class rows after them. */
  readonly rows: readonly number[];
  readonly feeds: Feeds;
}

/** Names the purpose of a stream of random numbers. */
const STREAM = { instanceOrder: 21, classOrder: 22, posterior: 23, noise: 24 } as const;

/**
 * Deals out the rows of each step. Each row has its own timestep and noise, which depend on the seed,
 * the step and the row's number alone: a resumed training sees what it would have seen, and k batches
 * of n rows see what one batch of k·n rows does.
 *
 * With weight 1/N on each of a step's N instance rows and λ/N on its N class rows, the loss is
 * E‖ε̂(x, [V] class) − ε‖² + λ·E‖ε̂(x_pr, class) − ε‖². With min-SNR each weight is multiplied by what
 * its own row's timestep gives.
 *
 * @returns the batches of a step; in each, instance rows come before class rows
 * @see Ruiz et al. 2023, eq. 2, https://arxiv.org/abs/2208.12242
 */
export function createStepBatches(
  data: StepData,
  settings: StepSettings,
): (step: number) => StepBatch[] {
  const { seed, trainBatchSize, gradientAccumulationSteps } = settings;
  const instanceRows = trainBatchSize * gradientAccumulationSteps;
  const drawFrom = (set: LatentPosteriors, order: number) => {
    const pictureOf = shuffledRounds(set.count, (round) => new Philox(seed, round, order));
    return (step: number, row: number): Picture => {
      const index = pictureOf(step * instanceRows + (row % instanceRows));
      const latents = set.sample(index, new Philox(seed, step, STREAM.posterior, row));
      return { latents, frame: set.frames[index]! };
    };
  };
  const drawInstance = drawFrom(data.instance, STREAM.instanceOrder);
  const drawClass = data.class && drawFrom(data.class, STREAM.classOrder);
  return (step) =>
    Array.from({ length: gradientAccumulationSteps }, (_, batch) => {
      const first = batch * trainBatchSize;
      const instance = Array.from({ length: trainBatchSize }, (_, i) => first + i);
      const rows = drawClass
        ? [...instance, ...instance.map((row) => instanceRows + row)]
        : instance;
      const pictures = rows.map((row) =>
        row < instanceRows ? drawInstance(step, row) : drawClass!(step, row),
      );
      return { rows, feeds: batchFeeds(data, settings, pictures, { step, rows, instanceRows }) };
    });
}

/** A row's latents, and what of its picture they show. */
interface Picture {
  readonly latents: Float32Array;
  readonly frame: PictureFrame;
}

/** Noises a batch's latents, and weighs its rows. */
function batchFeeds(
  { alphas, predictionType, instance, prompts, withTimeIds }: StepData,
  { seed, priorLossWeight, snrGamma, noiseOffset }: StepSettings,
  pictures: readonly Picture[],
  of: { step: number; rows: readonly number[]; instanceRows: number },
): Feeds {
  const { feeds, timesteps } = noiseRows(
    pictures.map(({ latents }) => latents),
    instance.shape,
    { prediction_type: predictionType },
    alphas,
    (i) => new Philox(seed, of.step, STREAM.noise, of.rows[i]!),
    noiseOffset,
  );
  const isInstance = (row: number) => row < of.instanceRows;
  const snrWeight = (timestep: number) =>
    snrGamma === null ? 1 : minSnrWeight(timestep, alphas, snrGamma, predictionType);
  const weights = of.rows.map(
    (row, i) =>
      ((isInstance(row) ? 1 : priorLossWeight) / of.instanceRows) * snrWeight(timesteps[i]!),
  );
  const shape = [of.rows.length];
  return {
    ...feeds,
    ...prompts,
    ...(withTimeIds && { timeIds: timeIdsOf(pictures.map(({ frame }) => frame)) }),
    rowWeights: { data: Float32Array.from(weights), shape },
    rowPrompts: { data: Int32Array.from(of.rows, (row) => (isInstance(row) ? 0 : 1)), shape },
  };
}
