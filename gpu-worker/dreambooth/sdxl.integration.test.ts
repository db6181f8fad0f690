/** @file Whole trainings on a tiny random checkpoint of SDXL's layout. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLora } from '../diffusion/lora/files.ts';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { readSafetensorsHeader } from '../diffusion/weights/safetensors.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { readBaseFacts } from './base-checkpoint.ts';
import { trainSubject } from './loop.ts';
import { renderPrompt } from './render.ts';
import type { RenderPromptRequest, TrainSubjectRequest } from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-sdxl-'));
const base = path.join(root, 'base');
const photo = path.join(root, 'photo.png');

beforeAll(async () => {
  writeTinyCheckpoint(base, { seed: 3, family: 'sdxl' });
  await sharp({ create: { width: 160, height: 128, channels: 3, background: '#d33' } })
    .png()
    .toFile(photo);
});
afterAll(() => rmSync(root, { recursive: true }));

const context = {
  signal: new AbortController().signal,
  onProgress: () => {},
  now: () => performance.now(),
};

async function train(name: string, settings: Partial<TrainSubjectRequest['settings']>) {
  const { defaults } = readBaseFacts(base);
  const request: TrainSubjectRequest = {
    kind: 'train-subject',
    baseCheckpointDir: base,
    photoFiles: [photo],
    classNoun: 'cat',
    identifier: 'zwx',
    workDir: path.join(root, name),
    classImagesDir: path.join(root, 'class-images'),
    artifactFile: path.join(root, name, 'artifact.safetensors'),
    samplePrompts: ['a zwx cat'],
    settings: {
      ...defaults.training.lora,
      maxTrainSteps: 3,
      learningRate: 0.05,
      textEncoderLearningRate: 0.05,
      rank: 2,
      ...settings,
    },
    sampling: defaults.sampling,
    provider: 'cpu',
  };
  await trainSubject(request, context);
  return request.artifactFile;
}

async function render(change: Partial<RenderPromptRequest> = {}): Promise<Buffer> {
  const { pictureFiles } = await renderPrompt(
    {
      kind: 'render-prompt',
      baseCheckpointDir: base,
      prompt: 'a zwx cat',
      seed: 0,
      count: 1,
      outputDir: mkdtempSync(path.join(root, 'pictures-')),
      sampling: readBaseFacts(base).defaults.sampling,
      provider: 'cpu',
      ...change,
    },
    context,
  );
  return readFileSync(pictureFiles[0]!);
}

const modelsOf = (names: Iterable<string>) => new Set([...names].map((name) => name.split('.')[0]));

describe('a training', () => {
  it('of adapters reaches UNet and both encoders, and its file has the names that diffusers reads', async () => {
    const artifactFile = await train('lora', { method: 'lora' });
    const names = [...readSafetensorsHeader(artifactFile).entries.keys()];
    expect(modelsOf(names)).toEqual(new Set(['unet', 'text_encoder', 'text_encoder_2']));
    const layer = 'text_model.encoder.layers.0.self_attn';
    expect(names).toEqual(
      expect.arrayContaining([
        'unet.down_blocks.0.attentions.0.transformer_blocks.1.attn2.to_k.lora_A.weight',
        `text_encoder.${layer}.q_proj.lora_A.weight`,
        `text_encoder_2.${layer}.out_proj.lora_B.weight`,
        'text_encoder_2.text_model.encoder.layers.1.self_attn.v_proj.lora_B.weight',
      ]),
    );
    for (const { module, up } of readLora(artifactFile, openCheckpoint(base)))
      expect(
        up.some((value) => value !== 0),
        module,
      ).toBe(true);
    expect((await render({ artifactFile })).equals(await render())).toBe(false);
  });

  it('of adapters beside the UNet alone is told the pooled text that was encoded before', async () => {
    const artifactFile = await train('unet', { method: 'lora', trainTextEncoder: false });
    const { entries } = readSafetensorsHeader(artifactFile);
    expect(modelsOf(entries.keys())).toEqual(new Set(['unet']));
  });

  it('of whole weights keeps all three models, and changes the picture', async () => {
    const settings = { method: 'full', withPriorPreservation: false, learningRate: 1e-3 } as const;
    const artifactFile = await train('full', settings);
    const { entries } = readSafetensorsHeader(artifactFile);
    expect(modelsOf(entries.keys())).toEqual(new Set(['unet', 'text_encoder', 'text_encoder_2']));
    expect((await render({ artifactFile })).equals(await render())).toBe(false);
  });
});
