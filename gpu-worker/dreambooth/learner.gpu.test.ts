/**
 * @file Whole trainings on WebGPU against the CPU, with all options that change the graph. A session for training is
 * refused where a node has no kernel there, so these graphs are covered whole.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { learnAtRandom, relativeError } from '../testing/random-training.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { whyNoWebgpu } from '../testing/webgpu.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import type { TrainingSettings } from './requests.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));
const root = mkdtempSync(path.join(tmpdir(), 'rendition-webgpu-'));
afterAll(() => rmSync(root, { recursive: true }));

const SETTINGS: TrainingSettings = {
  ...DEFAULT_TRAINING,
  method: 'lora',
  rank: 2,
  loraAlpha: 2,
  loraDropout: 0.25,
  loraTargets: ['attention', 'feed-forward', 'convolution'],
  maxTrainSteps: 2,
  learningRate: 1e-4,
  textEncoderLearningRate: 1e-4,
  snrGamma: 5,
  noiseOffset: 0.1,
  trainBatchSize: 1,
};
const SAVING = { gradientCheckpointing: true, gradientAccumulationSteps: 2 };

test.each<['sd1' | 'sdxl', string, Partial<TrainingSettings>]>([
  ['sd1', 'adapters', {}],
  ['sd1', 'adapters, saving memory', SAVING],
  ['sd1', 'all weights', { method: 'full' }],
  ['sd1', 'all weights, saving memory', { method: 'full', ...SAVING }],
  ['sdxl', 'adapters', {}],
  ['sdxl', 'all weights', { method: 'full' }],
])('%s, %s: the same is learned as on the CPU', async (family, name, change) => {
  const dir = path.join(root, `${family}-${name}`);
  const checkpoint = openCheckpoint(writeTinyCheckpoint(dir, { seed: 8, family }));
  const settings = { ...SETTINGS, ...change };
  const expected = await learnAtRandom(checkpoint, settings, 'cpu');
  const actual = await learnAtRandom(checkpoint, settings, 'webgpu');
  for (const kind of ['scalars', 'gradients', 'weights'] as const)
    expect(relativeError(actual[kind], expected[kind]), kind).toBeLessThan(1e-4);
});
