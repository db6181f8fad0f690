/** @file A few steps of a training on random latents, for tests of what may and what must not change them. */
import { nativeSize } from '../diffusion/pipelines/sessions.ts';
import { wholePicture } from '../diffusion/pipelines/time-ids.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import type { LatentPosteriors } from '../dreambooth/dataset.ts';
import { createLearner } from '../dreambooth/learner.ts';
import { learningRatesAt } from '../dreambooth/learning-rates.ts';
import type { TrainingSettings } from '../dreambooth/requests.ts';
import { createStepBatches } from '../dreambooth/step.ts';
import { scalar } from '../tensor/optim/trainer.ts';
import { Philox } from '../tensor/random/philox.ts';
import type { ExecutionProvider } from '../tensor/runtime/providers.ts';

/** What a training has come to. */
export interface Learned {
  /** Loss and gradient norm of each step. */
  readonly scalars: readonly Float32Array[];
  /** Clipped gradients of the first step, but for a factor. */
  readonly gradients: readonly Float32Array[];
  readonly weights: readonly Float32Array[];
}

/** Makes `maxTrainSteps` steps on three random subjects, two prompts of four tokens and four class images. */
export async function learnAtRandom(
  checkpoint: Checkpoint,
  settings: TrainingSettings,
  provider: ExecutionProvider,
): Promise<Learned> {
  const ids = { data: Int32Array.of(1, 9, 8, 7, 1, 8, 7, 7), shape: [2, 4] };
  const { trainer, feeds } = await createLearner({ settings, provider }, checkpoint, {
    prompts: 2,
    tokens: 4,
  });
  const batchesOf = createStepBatches(
    {
      instance: randomLatents(checkpoint, 3, 1),
      class: randomLatents(checkpoint, 4, 2),
      alphas: alphasCumprod(checkpoint.scheduler),
      predictionType: checkpoint.scheduler.prediction_type,
      prompts: { ids, ...(checkpoint.textEncoder2 && { ids2: ids }) },
      withTimeIds: checkpoint.textEncoder2 !== undefined,
    },
    settings,
  );
  const scalars: number[] = [];
  let gradients: Float32Array[] = [];
  for (let step = 0; step < settings.maxTrainSteps; step++) {
    const batches = batchesOf(step).map(({ rows, feeds: of }) => ({ ...of, ...feeds(step, rows) }));
    const results = await trainer.step(batches, learningRatesAt(settings, step));
    scalars.push(scalar(results, 'loss'), scalar(results, 'gradNorm'));
    if (step > 0) continue;
    await trainer.download();
    // After one update from zero, expAvg is (1 − β₁) times the clipped gradient.
    gradients = trainer.state.expAvg.map((values) => values.slice());
  }
  await trainer.download();
  const weights = trainer.state.parameters.map((values) => values.slice());
  await trainer.close();
  return { scalars: [Float32Array.from(scalars)], gradients, weights };
}

function randomLatents(checkpoint: Checkpoint, count: number, stream: number): LatentPosteriors {
  const { latent } = nativeSize(checkpoint);
  const size = 4 * latent * latent;
  return {
    count,
    shape: [4, latent, latent],
    frames: Array(count).fill(wholePicture(64, 64)),
    sample: (index) => new Philox(4, stream, index).normals(size),
  };
}

/** ‖a − b‖ / ‖b‖ */
export function relativeError(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [error, norm] = [0, 0];
  for (const [i, values] of b.entries()) {
    for (const [j, value] of values.entries()) {
      error += (a[i]![j]! - value) ** 2;
      norm += value ** 2;
    }
  }
  return Math.sqrt(error / norm);
}
