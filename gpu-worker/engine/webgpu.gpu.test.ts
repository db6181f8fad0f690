/** @file The engine's child on WebGPU: a whole training with class images and samples, then another picture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { readBaseFacts } from '../dreambooth/base-checkpoint.ts';
import type { TrainSubjectRequest } from '../dreambooth/requests.ts';
import { silentLogger } from '../testing/silent-logger.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { whyNoWebgpu } from '../testing/webgpu.ts';
import { createEngine } from './client.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));
const folder = mkdtempSync(path.join(tmpdir(), 'engine-webgpu-'));
const engine = createEngine({ logger: silentLogger });
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

const provider = 'webgpu';
const signal = new AbortController().signal;

test('trains a subject, goes on where it stopped, and draws it', async () => {
  const base = path.join(folder, 'base');
  writeTinyCheckpoint(base, { seed: 1, training: { maxTrainSteps: 4 } });
  const { training, sampling } = readBaseFacts(base).defaults;
  const photo = path.join(folder, 'photo.png');
  const pixels = { width: 64, height: 64, channels: 3, background: '#c04020' } as const;
  await sharp({ create: pixels }).png().toFile(photo);
  const artifactFile = path.join(folder, 'subject.safetensors');
  const request: TrainSubjectRequest = {
    kind: 'train-subject',
    baseCheckpointDir: base,
    photoFiles: [photo],
    classNoun: 'dog',
    identifier: 'zwb',
    workDir: path.join(folder, 'work'),
    classImagesDir: path.join(folder, 'class-images'),
    artifactFile,
    samplePrompts: ['a zwb dog'],
    settings: training.lora,
    sampling,
    provider,
  };

  const stop = new AbortController();
  const losses: number[] = [];
  const stopped = engine.run(request, {
    signal: stop.signal,
    onProgress: ({ stage, step, loss }) => {
      if (stage !== 'training') return;
      losses.push(loss!);
      if (step === 3) stop.abort(new Error('enough'));
    },
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(losses.every(Number.isFinite)).toBe(true);
  const result = await engine.run(request, { signal });
  expect(result).toMatchObject({ steps: 4, resumedFromStep: 2, classImagesMade: 0 });

  const drawing = {
    kind: 'render-prompt',
    baseCheckpointDir: base,
    prompt: 'a zwb dog on the beach',
    seed: 7,
    count: 1,
    artifactFile,
    sampling,
  } as const;
  const draw = async (on: 'cpu' | 'webgpu') => {
    const outputDir = path.join(folder, `pictures-${on}`);
    const { pictureFiles } = await engine.run({ ...drawing, outputDir, provider: on }, { signal });
    return sharp(pictureFiles[0]!).raw().toBuffer();
  };
  const [expected, actual] = [await draw('cpu'), await draw('webgpu')];
  expect(actual).toHaveLength(expected.length);
  // One step of 256 where rounding falls the other way.
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(1);
});
