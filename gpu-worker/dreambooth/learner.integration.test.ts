/** @file Options that must not change what is learned: how rows are dealt out to batches, what is kept in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeSize } from '../diffusion/pipelines/sessions.ts';
import { wholePicture } from '../diffusion/pipelines/time-ids.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import { type Checkpoint, openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { scalar } from '../tensor/optim/trainer.ts';
import { Philox } from '../tensor/random/philox.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import type { LatentPosteriors } from './dataset.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import { createLearner } from './learner.ts';
import { learningRatesAt } from './learning-rates.ts';
import type { TrainingSettings } from './requests.ts';
import { createStepBatches, type StepData } from './step.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-learner-'));
let checkpoint: Checkpoint;
let data: StepData;
beforeAll(() => {
  checkpoint = openCheckpoint(writeTinyCheckpoint(dir, { seed: 8 }));
  data = {
    instance: latents(3, 1),
    class: latents(4, 2),
    alphas: alphasCumprod(checkpoint.scheduler),
    predictionType: checkpoint.scheduler.prediction_type,
    prompts: { ids: { data: Int32Array.of(1, 9, 8, 7, 1, 8, 7, 7), shape: [2, 4] } },
    withTimeIds: false,
  };
});
afterAll(() => rmSync(dir, { recursive: true }));

function latents(count: number, stream: number): LatentPosteriors {
  const { latent } = nativeSize(checkpoint);
  const size = 4 * latent * latent;
  return {
    count,
    shape: [4, latent, latent],
    frames: Array(count).fill(wholePicture(64, 64)),
    sample: (index) => new Philox(4, stream, index).normals(size),
  };
}

const SETTINGS: TrainingSettings = {
  ...DEFAULT_TRAINING,
  method: 'lora',
  rank: 2,
  loraAlpha: 2,
  loraDropout: 0.25,
  loraTargets: ['attention', 'feed-forward', 'convolution'],
  maxTrainSteps: 3,
  learningRate: 1e-4,
  textEncoderLearningRate: 1e-4,
  snrGamma: 5,
  noiseOffset: 0.1,
  trainBatchSize: 4,
};

/** Losses, gradient norms and weights of three steps, and the gradients of the first. */
async function learn(change: Partial<TrainingSettings>) {
  const settings = { ...SETTINGS, ...change };
  const { trainer, feeds } = await createLearner({ settings, provider: 'cpu' }, checkpoint, {
    prompts: 2,
    tokens: 4,
  });
  const batchesOf = createStepBatches(data, settings);
  const scalars: number[] = [];
  let gradients: Float32Array[] = [];
  for (let step = 0; step < settings.maxTrainSteps; step++) {
    const batches = batchesOf(step).map(({ rows, feeds: of }) => ({ ...of, ...feeds(step, rows) }));
    const results = await trainer.step(batches, learningRatesAt(settings, step));
    scalars.push(scalar(results, 'loss'), scalar(results, 'gradNorm'));
    // After one update from zero, expAvg is (1 − β₁) times the clipped gradient.
    if (step === 0) gradients = trainer.state.expAvg.map((values) => values.slice());
  }
  const weights = trainer.state.parameters.map((values) => values.slice());
  await trainer.close();
  return { scalars: [Float32Array.from(scalars)], gradients, weights };
}

/** ‖a − b‖ / ‖b‖ */
function relativeError(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [error, norm] = [0, 0];
  for (const [i, values] of b.entries()) {
    for (const [j, value] of values.entries()) {
      error += (a[i]![j]! - value) ** 2;
      norm += value ** 2;
    }
  }
  return Math.sqrt(error / norm);
}

/** Options that teach the same as the settings above, but for the order in which floats are added up. */
const SAME = [
  ['two batches of n rows', { trainBatchSize: 2, gradientAccumulationSteps: 2 }],
  ['gradient checkpointing', { gradientCheckpointing: true }],
] as const;

describe.each(['full', 'lora'] as const)('%s', (method) => {
  let expected: Awaited<ReturnType<typeof learn>>;
  beforeAll(async () => {
    expected = await learn({ method });
  });

  test.each(SAME)('%s: nothing else is learned', async (_, change) => {
    const actual = await learn({ method, ...change });
    for (const kind of ['scalars', 'gradients', 'weights'] as const) {
      expect(relativeError(actual[kind], expected[kind]), kind).toBeLessThan(1e-6);
    }
  });

  test('dropout and noise offset do change what is learned', async () => {
    const change = method === 'lora' ? { loraDropout: 0 } : { noiseOffset: 0 };
    const { gradients } = await learn({ method, ...change });
    expect(relativeError(gradients, expected.gradients)).toBeGreaterThan(1e-3);
  });
});
