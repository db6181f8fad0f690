/** @file Textual inversion on a tiny random checkpoint: one embedding moves, and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensorsHeader, readTensorFloat32 } from '../diffusion/weights/safetensors.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { openBase, openBaseTokenizers } from './base-checkpoint.ts';
import { renderBatch } from './render.ts';
import type { LoopContext } from './requests.ts';
import { invertText, type TextualInversionRequest } from './textual-inversion.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-inversion-'));
const base = path.join(root, 'base');
const photo = path.join(root, 'photo.png');
const losses: number[] = [];
const context: LoopContext = {
  signal: new AbortController().signal,
  onProgress: ({ loss }) => losses.push(loss!),
  now: () => performance.now(),
};
const request: TextualInversionRequest = {
  baseCheckpointDir: base,
  photoFiles: [photo],
  identifier: 'zwx',
  classNoun: 'cat',
  artifactFile: path.join(root, 'artifact.safetensors'),
  steps: 40,
  learningRate: 0.1,
  batchSize: 8,
  seed: 1,
  provider: 'cpu',
};

beforeAll(async () => {
  writeTinyCheckpoint(base, { seed: 3 });
  await sharp({ create: { width: 64, height: 64, channels: 3, background: '#d33' } })
    .png()
    .toFile(photo);
});
afterAll(() => rmSync(root, { recursive: true }));

test('moves the row of the identifier alone, and lowers the loss', async () => {
  await invertText(request, context);
  const checkpoint = openBase(base);
  const [token] = openBaseTokenizers(checkpoint)[0].encode('zwx');
  const name = 'text_model.embeddings.token_embedding.weight';
  const before = readTensorFloat32(checkpoint.textEncoder.tensors.get(name)!);
  const { entries } = readSafetensorsHeader(request.artifactFile);
  expect([...entries.keys()]).toEqual([`text_encoder.${name}`]);
  const after = readTensorFloat32(entries.get(`text_encoder.${name}`)!);
  const width = checkpoint.textEncoder.config.hidden_size;
  const moved = new Set<number>();
  for (const [i, value] of after.entries())
    if (value !== before[i]) moved.add(Math.floor(i / width));
  expect([...moved]).toEqual([token]);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)));
});

test('a prompt without the identifier draws what the base draws', async () => {
  const checkpoint = openBase(base);
  const render = async (prompt: string, artifactFile?: string) => {
    const [file] = await renderBatch(
      checkpoint,
      openBaseTokenizers(checkpoint),
      {
        provider: 'cpu',
        sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 2 },
        outputDir: path.join(root, 'pictures'),
        prompts: [prompt],
        seeds: [1],
        ...(artifactFile !== undefined && { artifactFile }),
      },
      context,
    );
    return sharp(file).raw().toBuffer();
  };
  const { artifactFile } = request;
  expect(await render('a cat', artifactFile)).toEqual(await render('a cat'));
  expect(await render('a zwx', artifactFile)).not.toEqual(await render('a zwx'));
});

test('an identifier of several tokens is refused', async () => {
  await expect(invertText({ ...request, identifier: 'zwx cat' }, context)).rejects.toMatchObject({
    code: 'SETTINGS_UNSUPPORTED',
    message: '"zwx cat" is not one token',
  });
});
