/** @file What one DreamBooth step is fed: which pictures, which noise, which weights. */

import { timeIdsOf } from '../diffusion/pipelines/time-ids.ts';
import type { SchedulerConfig } from '../diffusion/schedulers/scheduler-config.ts';
import { noiseRows } from '../diffusion/training/noised-rows.ts';
import { Philox } from '../tensor/random/philox.ts';
import type { Feeds, Tensor } from '../tensor/runtime/session.ts';
import { type LatentPosteriors, pictureOf } from './dataset.ts';
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

/** Names the purpose of a stream of random numbers. */
const STREAM = { instanceOrder: 21, classOrder: 22, posterior: 23, noise: 24 } as const;

/**
 * Instance rows come first, class rows after them; each row has its own timestep and noise. A step
 * depends on the seed and its number alone, so a resumed training sees what it would have seen.
 *
 * With weight 1/n on n instance rows and λ/m on m class rows the loss is
 * E‖ε̂(x, [V] class) − ε‖² + λ·E‖ε̂(x_pr, class) − ε‖².
 *
 * @see Ruiz et al. 2023, eq. 2, https://arxiv.org/abs/2208.12242
 */
export function dreamboothStepFeeds(
  data: StepData,
  settings: Pick<TrainingSettings, 'seed' | 'trainBatchSize' | 'priorLossWeight'>,
  step: number,
): Feeds {
  const { seed, trainBatchSize, priorLossWeight } = settings;
  const draw = (set: LatentPosteriors, stream: number, firstRow: number) =>
    Array.from({ length: trainBatchSize }, (_, i) => {
      const index = pictureOf(
        step * trainBatchSize + i,
        set.count,
        (round) => new Philox(seed, round, stream),
      );
      const latents = set.sample(index, new Philox(seed, step, STREAM.posterior, firstRow + i));
      return { latents, frame: set.frames[index]! };
    });
  const rows = [
    ...draw(data.instance, STREAM.instanceOrder, 0),
    ...(data.class ? draw(data.class, STREAM.classOrder, trainBatchSize) : []),
  ];
  const latents = rows.map((row) => row.latents);
  const { feeds } = noiseRows(
    latents,
    data.instance.shape,
    { prediction_type: data.predictionType },
    data.alphas,
    (row) => new Philox(seed, step, STREAM.noise, row),
  );
  const isInstance = (row: number) => row < trainBatchSize;
  return {
    ...feeds,
    ...data.prompts,
    ...(data.withTimeIds && { timeIds: timeIdsOf(rows.map(({ frame }) => frame)) }),
    rowWeights: {
      data: Float32Array.from(
        latents,
        (_, row) => (isInstance(row) ? 1 : priorLossWeight) / trainBatchSize,
      ),
      shape: [latents.length],
    },
    rowPrompts: {
      data: Int32Array.from(latents, (_, row) => (isInstance(row) ? 0 : 1)),
      shape: [latents.length],
    },
  };
}
