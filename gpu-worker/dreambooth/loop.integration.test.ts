/** @file Whole trainings on a tiny random checkpoint. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLora } from '../diffusion/lora/files.ts';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { readSafetensorsHeader, writeSafetensors } from '../diffusion/weights/safetensors.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { trainSubject } from './loop.ts';
import { renderPrompt } from './render.ts';
import type { LoopContext, ProgressEvent, TrainSubjectRequest } from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-loop-'));
const base = path.join(root, 'base');
const photoFiles: string[] = [];

beforeAll(async () => {
  await writeTinyCheckpoint(base, { seed: 3 });
  for (const [i, background] of ['#d33', '#3d3', '#33d'].entries()) {
    const file = path.join(root, `photo-${i}.png`);
    await sharp({ create: { width: 80, height: 64, channels: 3, background } })
      .png()
      .toFile(file);
    photoFiles.push(file);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

function requestIn(name: string, change: Partial<TrainSubjectRequest> = {}): TrainSubjectRequest {
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
    samplesDir: path.join(dir, 'samples'),
    samplePrompts: ['a zwx cat'],
    settings: {
      method: 'full',
      rank: 2,
      loraAlpha: 4,
      loraDropout: 0.25,
      loraTargets: ['attention', 'feed-forward', 'convolution'],
      maxTrainSteps: 4,
      learningRate: 1e-3,
      textEncoderLearningRate: 1e-3,
      trainTextEncoder: true,
      withPriorPreservation: true,
      priorLossWeight: 1,
      numClassImages: 3,
      trainBatchSize: 2,
      checkpointingSteps: 2,
      seed: 5,
    },
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
    onProgress: (event) => onProgress(event, () => controller.abort(new Error('stopped'))),
    now: () => performance.now(),
  };
}

const settingsOf = (change: Partial<TrainSubjectRequest['settings']>) => ({
  ...requestIn('x').settings,
  ...change,
});

test.each(['full', 'lora'] as const)(
  'a %s training killed after a checkpoint ends with the same bytes as one that was not',
  async (method) => {
    const change = {
      classImagesDir: path.join(root, method, 'class-images'),
      settings: settingsOf({ method }),
    };
    const whole = requestIn(`whole-${method}`, change);
    const result = await trainSubject(whole, contextWith());
    expect(result).toMatchObject({ steps: 4, resumedFromStep: 0, classImagesMade: 3 });

    const killed = requestIn(`killed-${method}`, change);
    const stopAtThree = contextWith(({ stage, step }, abort) => {
      if (stage === 'training' && step === 3) abort();
    });
    await expect(trainSubject(killed, stopAtThree)).rejects.toThrow('stopped');
    const resumed = await trainSubject(killed, contextWith());
    expect(resumed).toMatchObject({ steps: 4, resumedFromStep: 2, classImagesMade: 0 });
    expect(readFileSync(killed.artifactFile).equals(readFileSync(whole.artifactFile))).toBe(true);
    expect(readFileSync(resumed.sampleFiles[0]!).equals(readFileSync(result.sampleFiles[0]!))).toBe(
      true,
    );
  },
);

test('another training does not take up the state that lies in its folder', async () => {
  const first = requestIn('folder');
  await trainSubject(first, contextWith());
  const second = await trainSubject({ ...first, settings: settingsOf({ seed: 6 }) }, contextWith());
  expect(second.resumedFromStep).toBe(0);
});

test('UNet and text encoder are both trained, and the artifact holds them in half precision', async () => {
  const request = requestIn('halves');
  await trainSubject(request, contextWith());
  const { entries, metadata } = readSafetensorsHeader(request.artifactFile);
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

test('an artifact of adapters names its method, carries rank and alpha, and changes the picture', async () => {
  const request = requestIn('adapters', {
    settings: settingsOf({ method: 'lora', learningRate: 0.1, textEncoderLearningRate: 0.1 }),
  });
  const { sampleFiles } = await trainSubject(request, contextWith());
  const { metadata } = readSafetensorsHeader(request.artifactFile);
  expect(metadata).toMatchObject({ method: 'lora', identifier: 'zwx', steps: '4' });
  const adapter = readLora(request.artifactFile, openCheckpoint(base));
  expect(new Set(adapter.map(({ module }) => module.split('.')[0]))).toEqual(
    new Set(['unet', 'text_encoder']),
  );
  for (const { rank, alpha, up } of adapter) {
    expect({ rank, alpha }).toEqual({ rank: 2, alpha: 4 });
    expect(up.some((value) => value !== 0)).toBe(true);
  }

  const render = async (name: string, artifactFile?: string) => {
    const { pictureFiles } = await renderPrompt(
      {
        kind: 'render-prompt',
        baseCheckpointDir: base,
        prompt: 'a zwx cat',
        seed: request.settings.seed,
        count: 1,
        outputDir: path.join(root, name),
        sampling: request.sampling,
        provider: 'cpu',
        ...(artifactFile !== undefined && { artifactFile }),
      },
      contextWith(),
    );
    return readFileSync(pictureFiles[0]!);
  };
  const subject = await render('with-adapter', request.artifactFile);
  expect(subject.equals(readFileSync(sampleFiles[0]!))).toBe(true);
  expect(subject.equals(await render('without-adapter'))).toBe(false);
});

test('an artifact of another base is refused by the tensor that does not fit', async () => {
  const request = requestIn('misfit', { settings: settingsOf({ method: 'lora' }) });
  const tensors = [
    {
      name: 'unet.mid_block.to_q.lora_A.weight',
      dtype: 'F32' as const,
      shape: [1],
      data: Float32Array.of(1),
    },
  ];
  mkdirSync(path.dirname(request.artifactFile), { recursive: true });
  writeSafetensors(request.artifactFile, tensors, { method: 'lora' });
  const failure = renderPrompt(
    {
      kind: 'render-prompt',
      baseCheckpointDir: base,
      artifactFile: request.artifactFile,
      prompt: 'a cat',
      seed: 1,
      count: 1,
      outputDir: path.join(root, 'misfit', 'pictures'),
      sampling: request.sampling,
      provider: 'cpu',
    },
    contextWith(),
  );
  await expect(failure).rejects.toMatchObject({
    code: 'ARTIFACT_UNREADABLE',
    message: expect.stringContaining('unet.mid_block.to_q.lora_A.weight'),
  });
});

test('without prior preservation no class image is made', async () => {
  const request = requestIn('no-prior', {
    classImagesDir: path.join(root, 'none'),
    settings: settingsOf({ withPriorPreservation: false, trainTextEncoder: false }),
  });
  expect((await trainSubject(request, contextWith())).classImagesMade).toBe(0);
  expect(() => statSync(request.classImagesDir)).toThrow('ENOENT');
});

test('class images are only ever added', async () => {
  const dir = path.join(root, 'growing');
  await trainSubject(requestIn('grow-1', { classImagesDir: dir }), contextWith());
  const before = readFileSync(path.join(dir, '0001.png'));
  const more = requestIn('grow-2', {
    classImagesDir: dir,
    settings: settingsOf({ numClassImages: 5 }),
  });
  expect((await trainSubject(more, contextWith())).classImagesMade).toBe(2);
  expect(readdirSync(dir).sort()).toEqual([
    '0001.png',
    '0002.png',
    '0003.png',
    '0004.png',
    '0005.png',
  ]);
  expect(readFileSync(path.join(dir, '0001.png')).equals(before)).toBe(true);
});

test('progress counts every stage to its end', async () => {
  const events: ProgressEvent[] = [];
  await trainSubject(
    requestIn('progress', { classImagesDir: path.join(root, 'fresh') }),
    contextWith((event) => events.push(event)),
  );
  const last = (stage: string) => events.findLast((event) => event.stage === stage);
  for (const stage of ['class images', 'training', 'sampling']) {
    expect(last(stage)!.step).toBe(last(stage)!.totalSteps);
  }
  expect(last('training')!.loss).toBeGreaterThan(0);
});

test('a class noun that the base does not know is refused with the nearest ones', async () => {
  const failure = trainSubject(requestIn('noun', { classNoun: 'cta' }), contextWith());
  await expect(failure).rejects.toMatchObject({
    code: 'CLASS_NOUN_UNKNOWN',
    details: { nearest: expect.stringContaining('cat') },
  });
});

test('a loss that is not a number ends the training with a reason', async () => {
  const request = requestIn('nan', {
    settings: settingsOf({ learningRate: 1e30, textEncoderLearningRate: 1e30 }),
  });
  await expect(trainSubject(request, contextWith())).rejects.toMatchObject({ code: 'NAN_LOSS' });
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

test('a prompt that is too long is refused by its first word too many', async () => {
  const prompt = `a cat ${'on the beach '.repeat(40)}`;
  const failure = trainSubject(requestIn('long', { samplePrompts: [prompt] }), contextWith());
  await expect(failure).rejects.toMatchObject({
    code: 'PROMPT_TOO_LONG',
    details: { word: expect.stringMatching(/^(on|the|beach)$/) },
  });
});
