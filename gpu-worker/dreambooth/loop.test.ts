/** @file What a training refuses before any work is done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import { trainSubject } from './loop.ts';
import type { TrainingSettings, TrainSubjectRequest } from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-refused-'));
const base = path.join(root, 'base');
beforeAll(() => void writeTinyCheckpoint(base, { seed: 3 }));
afterAll(() => rmSync(root, { recursive: true }));

function ask(change: Partial<TrainSubjectRequest>, settings: Partial<TrainingSettings> = {}) {
  const request: TrainSubjectRequest = {
    kind: 'train-subject',
    baseCheckpointDir: base,
    photoFiles: [path.join(root, 'photo.png')],
    classNoun: 'cat',
    identifier: 'zwx',
    workDir: path.join(root, 'work'),
    classImagesDir: path.join(root, 'class-images'),
    artifactFile: path.join(root, 'artifact.safetensors'),
    samplePrompts: [],
    settings: { method: 'full', ...DEFAULT_TRAINING, ...settings },
    sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 2 },
    provider: 'cpu',
    ...change,
  };
  return trainSubject(request, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    now: () => performance.now(),
  });
}

test('a class noun that the base does not know is refused with the nearest ones', async () => {
  await expect(ask({ classNoun: 'cta' })).rejects.toMatchObject({
    code: 'CLASS_NOUN_UNKNOWN',
    details: { nearest: expect.stringContaining('cat') },
  });
});

test('a prompt that is too long is refused by its first word too many', async () => {
  const samplePrompts = [`a cat ${'on the beach '.repeat(40)}`];
  await expect(ask({ samplePrompts })).rejects.toMatchObject({
    code: 'PROMPT_TOO_LONG',
    details: { word: expect.stringMatching(/^(on|the|beach)$/) },
  });
});

test('a learning rate that does not go with its schedule is refused with a reason', async () => {
  const settings = { lrScheduler: 'polynomial', learningRate: 1e-7 } as const;
  await expect(ask({}, settings)).rejects.toMatchObject({
    code: 'SETTINGS_UNSUPPORTED',
    message: 'polynomial: expected a learning rate above 1e-7, got 1e-7',
  });
});
