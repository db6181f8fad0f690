/** @file Whole trainings on a tiny random checkpoint. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLora } from '../diffusion/lora/files.ts';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  writeSafetensors,
} from '../diffusion/weights/safetensors.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import { trainSubject } from './loop.ts';
import { renderPrompt } from './render.ts';
import type {
  LoopContext,
  ProgressEvent,
  TrainingSettings,
  TrainSubjectRequest,
  TrainSubjectResult,
} from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-loop-'));
const base = path.join(root, 'base');
const photoFiles: string[] = [];

beforeAll(async () => {
  writeTinyCheckpoint(base, { seed: 3 });
  for (const [i, background] of ['#d33', '#3d3', '#33d'].entries()) {
    const file = path.join(root, `photo-${i}.png`);
    await sharp({ create: { width: 80, height: 64, channels: 3, background } })
      .png()
      .toFile(file);
    photoFiles.push(file);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const SETTINGS: TrainingSettings = {
  ...DEFAULT_TRAINING,
  method: 'full',
  rank: 2,
  loraAlpha: 4,
  maxTrainSteps: 4,
  learningRate: 1e-3,
  textEncoderLearningRate: 1e-3,
  numClassImages: 3,
  trainBatchSize: 2,
  checkpointingSteps: 2,
  seed: 5,
};

/** @param name of the run's folder; class images are shared by all runs that say nothing of them */
function requestIn(
  name: string,
  settings: Partial<TrainingSettings> = {},
  change: Partial<TrainSubjectRequest> = {},
): TrainSubjectRequest {
  const dir = path.join(root, name);
  return {
    kind: 'train-subject',
    baseCheckpointDir: base,
    photoFiles,
    classNoun: 'cat',
    identifier: 'zwx',
    workDir: path.join(dir, 'work'),
    classImagesDir: path.join(root, 'class-images'),
    artifactFile: path.join(dir, 'artifact.safetensors'),
    samplePrompts: [],
    settings: { ...SETTINGS, ...settings },
    sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 2 },
    provider: 'cpu',
    ...change,
  };
}

function contextWith(
  onProgress: (event: ProgressEvent, abort: () => void) => void = () => {},
): LoopContext {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: (event) => onProgress(event, () => controller.abort(new Error('killed'))),
    now: () => performance.now(),
  };
}

const artifactOf = ({ artifactFile }: TrainSubjectRequest): Buffer => readFileSync(artifactFile);

/** Kills a training after a step, and resumes it. */
async function killAndResume(request: TrainSubjectRequest, killAt: number) {
  const killed = contextWith(({ stage, step }, abort) => {
    if (stage === 'training' && step === killAt) abort();
  });
  await expect(trainSubject(request, killed)).rejects.toThrow('killed');
  return trainSubject(request, contextWith());
}

const EVERY_OPTION: Partial<TrainingSettings> = {
  method: 'lora',
  loraDropout: 0.25,
  loraTargets: ['attention', 'feed-forward', 'convolution'],
  learningRate: 0.05,
  lrScheduler: 'cosine_with_restarts',
  lrWarmupSteps: 1,
  lrNumCycles: 2,
  textEncoderLearningRate: 0.05,
  textEncoderStopStep: 3,
  priorLossWeight: 0.7,
  snrGamma: 5,
  noiseOffset: 0.1,
  trainBatchSize: 1,
  gradientAccumulationSteps: 2,
  gradientCheckpointing: true,
};

describe('UNet and text encoder', () => {
  const classImagesDir = path.join(root, 'own-class-images');
  const whole = requestIn('whole', {}, { classImagesDir });
  const events: ProgressEvent[] = [];
  let result: TrainSubjectResult;
  beforeAll(async () => {
    result = await trainSubject(
      whole,
      contextWith((event) => events.push(event)),
    );
  });

  test('progress counts every stage to its end', () => {
    expect(result).toMatchObject({ steps: 4, resumedFromStep: 0, classImagesMade: 3 });
    const last = (stage: string) => events.findLast((event) => event.stage === stage);
    for (const stage of ['class images', 'training']) {
      expect(last(stage)!.step).toBe(last(stage)!.totalSteps);
    }
    expect(last('training')!.loss).toBeGreaterThan(0);
  });

  test('the artifact holds both in half precision', () => {
    const { entries, metadata } = readSafetensorsHeader(whole.artifactFile);
    expect(metadata).toMatchObject({
      identifier: 'zwx',
      classNoun: 'cat',
      steps: '4',
      method: 'full',
    });
    expect([...entries.values()].every(({ dtype }) => dtype === 'F16')).toBe(true);
    const prefixes = new Set([...entries.keys()].map((name) => name.split('.')[0]));
    expect(prefixes).toEqual(new Set(['unet', 'text_encoder']));
  });

  test('killed and resumed, a training ends with the same bytes', async () => {
    const killed = requestIn('killed');
    const resumed = await killAndResume(killed, 3);
    expect(resumed).toMatchObject({ steps: 4, resumedFromStep: 2, classImagesMade: 0 });
    expect(artifactOf(killed).equals(artifactOf(whole))).toBe(true);
  });

  test('class images are only ever added', async () => {
    const before = readFileSync(path.join(classImagesDir, '0001.png'));
    const more = requestIn('more', { numClassImages: 5, maxTrainSteps: 1 }, { classImagesDir });
    expect((await trainSubject(more, contextWith())).classImagesMade).toBe(2);
    expect(readdirSync(classImagesDir).sort()).toEqual(
      [1, 2, 3, 4, 5].map((number) => `000${number}.png`),
    );
    expect(readFileSync(path.join(classImagesDir, '0001.png')).equals(before)).toBe(true);
  });
});

describe('adapters, with every option', () => {
  const whole = requestIn('adapters', EVERY_OPTION, { candidates: 3 });
  let result: TrainSubjectResult;
  beforeAll(async () => {
    result = await trainSubject(whole, contextWith());
  });

  test('killed and resumed, a training ends with the same bytes', async () => {
    for (const killAt of [1, 3]) {
      const killed = requestIn(`adapters-killed-${killAt}`, EVERY_OPTION, { candidates: 3 });
      const { resumedFromStep, candidates } = await killAndResume(killed, killAt);
      expect(resumedFromStep).toBe(killAt - 1);
      expect(artifactOf(killed).equals(artifactOf(whole))).toBe(true);
      expect(candidates.map(({ step }) => step)).toEqual([1, 3, 4]);
      for (const [i, { file }] of candidates.entries())
        expect(readFileSync(file).equals(readFileSync(result.candidates[i]!.file))).toBe(true);
    }
    const [early, , last] = result.candidates;
    expect(last!.file).toBe(whole.artifactFile);
    expect(readSafetensorsHeader(early!.file).metadata).toMatchObject({
      steps: '1',
      method: 'lora',
    });
  });

  test('the artifact names its method, and carries rank and alpha', () => {
    const { metadata } = readSafetensorsHeader(whole.artifactFile);
    expect(metadata).toMatchObject({ method: 'lora', identifier: 'zwx', steps: '4' });
    const adapter = readLora(whole.artifactFile, openCheckpoint(base));
    expect(new Set(adapter.map(({ module }) => module.split('.')[0]))).toEqual(
      new Set(['unet', 'text_encoder']),
    );
    for (const { rank, alpha, up } of adapter) {
      expect({ rank, alpha }).toEqual({ rank: 2, alpha: 4 });
      expect(up.some((value) => value !== 0)).toBe(true);
    }
  });

  test('it changes the picture', async () => {
    const render = async (name: string, artifactFile?: string) => {
      const { pictureFiles } = await renderPrompt(
        {
          kind: 'render-prompt',
          baseCheckpointDir: base,
          prompt: 'a zwx cat',
          seed: whole.settings.seed,
          count: 1,
          outputDir: path.join(root, name),
          sampling: whole.sampling,
          provider: 'cpu',
          ...(artifactFile !== undefined && { artifactFile }),
        },
        contextWith(),
      );
      return readFileSync(pictureFiles[0]!);
    };
    const subject = await render('with-adapter', whole.artifactFile);
    expect(subject.equals(await render('without-adapter'))).toBe(false);
  });
});

describe.each(['lora', 'full'] as const)('trained on from weights that are there, %s', (method) => {
  const first = requestIn(`first-${method}`, { method, maxTrainSteps: 2 });
  beforeAll(() => trainSubject(first, contextWith()));
  const initialArtifactFile = first.artifactFile;
  const valuesOf = (file: string) => {
    const { entries } = readSafetensorsHeader(file);
    return [...entries.values()].map((entry) => [entry.name, readTensorFloat32(entry)] as const);
  };

  test('begins with their values', async () => {
    const slow = { learningRate: 1e-12, textEncoderLearningRate: 1e-12, maxTrainSteps: 1 };
    const more = requestIn(`still-${method}`, { method, ...slow }, { initialArtifactFile });
    await trainSubject(more, contextWith());
    const expected = new Map(valuesOf(first.artifactFile));
    const actual = valuesOf(more.artifactFile);
    expect(actual.map(([name]) => name)).toEqual([...expected.keys()]);
    // Weight decay takes 1e-14 of a value.
    for (const [name, values] of actual)
      for (const [i, value] of expected.get(name)!.entries())
        expect(values[i]).toBeCloseTo(value, 6);
  });

  test('changes them, and what it changes is what was changed before', async () => {
    const settings = { method, maxTrainSteps: 1, rank: 7, trainTextEncoder: false } as const;
    const more = requestIn(`more-${method}`, settings, { initialArtifactFile });
    await trainSubject(more, contextWith());
    expect([...readSafetensorsHeader(more.artifactFile).entries.keys()]).toEqual([
      ...readSafetensorsHeader(first.artifactFile).entries.keys(),
    ]);
    expect(artifactOf(more).equals(artifactOf(first))).toBe(false);
  });

  test('is refused by the other method', async () => {
    const other = method === 'lora' ? 'full' : 'lora';
    const request = requestIn(`other-${method}`, { method: other }, { initialArtifactFile });
    await expect(trainSubject(request, contextWith())).rejects.toMatchObject({
      code: 'SETTINGS_UNSUPPORTED',
      message: `method: expected ${method} as before, got ${other}`,
    });
  });
});

test('a frozen text encoder speaks once, and a resumed training hears the same; no class image is made', async () => {
  const settings = { withPriorPreservation: false, trainTextEncoder: false };
  const change = { classImagesDir: path.join(root, 'none') };
  const whole = requestIn('frozen', settings, change);
  expect((await trainSubject(whole, contextWith())).classImagesMade).toBe(0);
  expect(() => statSync(whole.classImagesDir)).toThrow('ENOENT');
  const killed = requestIn('frozen-killed', settings, change);
  expect((await killAndResume(killed, 2)).resumedFromStep).toBe(2);
  expect(artifactOf(killed).equals(artifactOf(whole))).toBe(true);
});

test('a training that diverges says so, and goes on from its last good state at lower rates', async () => {
  const rates = { learningRate: 1e30, textEncoderLearningRate: 1e30 };
  const schedule = { lrScheduler: 'constant_with_warmup', lrWarmupSteps: 2 } as const;
  const settings = { checkpointingSteps: 1, ...schedule };
  const request = requestIn('diverged', { ...settings, ...rates });
  await expect(trainSubject(request, contextWith())).rejects.toMatchObject({
    code: 'NAN_LOSS',
    message: expect.stringMatching(/^step 3 gave .* the state of step 1 is kept. Lower learn/),
  });
  expect(() => statSync(request.artifactFile)).toThrow('ENOENT');

  const calmer = requestIn('diverged', settings);
  expect(await trainSubject(calmer, contextWith())).toMatchObject({ resumedFromStep: 1, steps: 4 });
  // The first rate of the warm-up is 0, whatever it rises to.
  const calm = requestIn('calm', settings);
  await trainSubject(calm, contextWith());
  expect(artifactOf(calmer).equals(artifactOf(calm))).toBe(true);
});

test('an artifact of another base is refused by the tensor that does not fit', async () => {
  const artifactFile = path.join(root, 'misfit', 'artifact.safetensors');
  const tensor = { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const;
  mkdirSync(path.dirname(artifactFile), { recursive: true });
  writeSafetensors(artifactFile, [{ name: 'unet.mid_block.to_q.lora_A.weight', ...tensor }], {
    method: 'lora',
  });
  const failure = renderPrompt(
    {
      kind: 'render-prompt',
      baseCheckpointDir: base,
      artifactFile,
      prompt: 'a cat',
      seed: 1,
      count: 1,
      outputDir: path.join(root, 'misfit', 'pictures'),
      sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 2 },
      provider: 'cpu',
    },
    contextWith(),
  );
  await expect(failure).rejects.toMatchObject({
    code: 'ARTIFACT_UNREADABLE',
    message: expect.stringContaining('unet.mid_block.to_q.lora_A.weight'),
  });
});

test('a picture of a batch is the one that its seed gives alone', async () => {
  const ask = (name: string, seed: number, count: number) =>
    renderPrompt(
      {
        kind: 'render-prompt',
        baseCheckpointDir: base,
        prompt: 'a cat',
        seed,
        count,
        outputDir: path.join(root, name),
        sampling: { sampler: 'euler_a', numInferenceSteps: 3, guidanceScale: 3 },
        provider: 'cpu',
      },
      contextWith(),
    );
  const { pictureFiles } = await ask('batch', 40, 3);
  const alone = await ask('alone', 42, 1);
  const pixels = (file: string) => sharp(file).raw().toBuffer();
  const [a, b] = [await pixels(pictureFiles[2]!), await pixels(alone.pictureFiles[0]!)];
  // Batches may add up in another order: a level of 256 at most.
  expect(a.every((value, i) => Math.abs(value - b[i]!) <= 1)).toBe(true);
});
