/** @file Options that must not change what is learned: how rows are dealt out to batches, what is kept in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Checkpoint, openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { type Learned, learnAtRandom, relativeError } from '../testing/random-training.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import type { TrainingSettings } from './requests.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-learner-'));
let checkpoint: Checkpoint;
beforeAll(() => {
  checkpoint = openCheckpoint(writeTinyCheckpoint(dir, { seed: 8 }));
});
afterAll(() => rmSync(dir, { recursive: true }));

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

const learn = (change: Partial<TrainingSettings>): Promise<Learned> =>
  learnAtRandom(checkpoint, { ...SETTINGS, ...change }, 'cpu');

/** Options that teach the same as the settings above, but for the order in which floats are added up. */
const SAME = [
  ['two batches of n rows', { trainBatchSize: 2, gradientAccumulationSteps: 2 }],
  ['gradient checkpointing', { gradientCheckpointing: true }],
] as const;

describe.each(['full', 'lora'] as const)('%s', (method) => {
  let expected: Learned;
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
