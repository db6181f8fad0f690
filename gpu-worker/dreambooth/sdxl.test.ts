/** @file Pictures and steps on a tiny random checkpoint of SDXL's layout: two tokenizers, two text encoders. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { TextToImagePipeline } from '../diffusion/pipelines/text-to-image.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import {
  chooseIdentifier,
  openBase,
  openBaseTokenizers,
  readBaseFacts,
} from './base-checkpoint.ts';
import { encodePictures, readPicture } from './dataset.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import { pickIdentifier } from './identifier.ts';
import { renderPrompt } from './render.ts';
import type { RenderPromptRequest } from './requests.ts';
import { createStepBatches } from './step.ts';

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

describe('what the UNet is told of sizes', () => {
  it('is the photo as it was, what was cut off it, and what is left', async () => {
    const { frame } = await readPicture(photo, { height: 64, width: 64 });
    expect(frame).toEqual({ original: [128, 160], cropTopLeft: [0, 8], target: [64, 64] });
  });

  it('stands in each row of a step beside the latents that it is about', async () => {
    const checkpoint = openCheckpoint(base);
    const small = path.join(root, 'small.png');
    await sharp(photo).resize(64, 64, { fit: 'fill' }).png().toFile(small);
    const cache = new SessionCache({});
    const encode = (file: string) =>
      encodePictures(cache, checkpoint.vae, [file], 64, context.signal);
    const data = {
      instance: await encode(photo),
      class: await encode(small),
      alphas: alphasCumprod(checkpoint.scheduler),
      predictionType: checkpoint.scheduler.prediction_type,
      prompts: {},
    };
    await cache.close();
    const settings = { ...DEFAULT_TRAINING, trainBatchSize: 2 };
    const feedsOf = (withTimeIds: boolean) =>
      createStepBatches({ ...data, withTimeIds }, settings)(0)[0]!.feeds;
    const [instance, whole] = [
      [128, 160, 0, 8, 64, 64],
      [64, 64, 0, 0, 64, 64],
    ];
    expect(feedsOf(true).timeIds).toEqual({
      data: Float32Array.from([...instance, ...instance, ...whole, ...whole]),
      shape: [4, 6],
    });
    expect(feedsOf(false)).not.toHaveProperty('timeIds');
  });
});

describe('a prompt', () => {
  it('is drawn as diffusers draws it from the same noise, with a negative prompt and without', async () => {
    const checkpoint = openCheckpoint(base);
    const pipeline = new TextToImagePipeline(checkpoint, openBaseTokenizers(checkpoint));
    // Four pixels of what StableDiffusionXLPipeline makes of this checkpoint and noise in float32.
    const expected = [
      { negativePrompt: undefined, pixels: [0.0800729, -0.3217563, 0.2338396, -0.8920553] },
      { negativePrompt: 'a dog', pixels: [0.057768, -0.3401877, 0.2201229, -0.9624372] },
    ];
    for (const { negativePrompt, pixels } of expected) {
      const [picture] = await pipeline.generate({
        prompts: ['a red cat on the beach'],
        negativePrompt,
        seeds: [7],
        sampler: 'ddim',
        numInferenceSteps: 4,
        guidanceScale: 5,
      });
      for (const [i, at] of [0, 1000, 5000, 12_000].entries())
        expect(picture!.pixels[at]).toBeCloseTo(pixels[i]!, 5);
    }
    await pipeline.close();
  });

  it('goes to each encoder with the padding of its own tokenizer', () => {
    const [first, second] = openBaseTokenizers(openBase(base));
    expect(first.encode('a zwx cat')).toEqual(second!.encode('a zwx cat'));
    expect([first.encodePadded('a').at(-1), second!.encodePadded('a').at(-1)]).toEqual([
      first.eosId,
      0,
    ]);
  });

  it('is guided away from zeros where there is no negative one and the base says so', async () => {
    const plain = await render();
    expect(plain.equals(await render({ negativePrompt: '' }))).toBe(false);
    const encoding = path.join(root, 'encoding');
    cpSync(base, encoding, { recursive: true });
    const file = path.join(encoding, 'model_index.json');
    const index = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...index, force_zeros_for_empty_prompt: false }));
    const encoded = await render({ baseCheckpointDir: encoding });
    expect(encoded.equals(plain)).toBe(false);
    expect(encoded.equals(await render({ negativePrompt: '' }))).toBe(true);
  });
});

describe('a base', () => {
  it('without its second tokenizer is refused by name', async () => {
    const dir = path.join(root, 'one-tokenizer');
    cpSync(base, dir, { recursive: true });
    rmSync(path.join(dir, 'tokenizer_2'), { recursive: true });
    await expect(render({ baseCheckpointDir: dir })).rejects.toMatchObject({
      code: 'BASE_MISSING',
      message: expect.stringContaining('tokenizer_2/vocab.json'),
    });
  });

  it('gives identifiers that are rare for both tokenizers', () => {
    const dir = path.join(root, 'other-words');
    cpSync(base, dir, { recursive: true });
    const identifier = chooseIdentifier(dir, new Set(), 1);
    // Without the merge that ends it, the second tokenizer takes the word apart.
    const merges = path.join(dir, 'tokenizer_2', 'merges.txt');
    const lines = readFileSync(merges, 'utf8').split('\n');
    const without = lines.filter((line) => line.replace(' ', '') !== `${identifier}</w>`);
    expect(without).toHaveLength(lines.length - 1);
    writeFileSync(merges, without.join('\n'));
    const [first, second] = openBaseTokenizers(openBase(dir));
    expect(first.encode(identifier)).toHaveLength(1);
    expect(second!.encode(identifier).length).toBeGreaterThan(1);
    const picked = Array.from({ length: 500 }, (_, seed) =>
      pickIdentifier([first, second!], { taken: new Set(), seed }),
    );
    expect(picked.every((other) => second!.encode(other).length === 1)).toBe(true);
    const fromFirst = Array.from({ length: 500 }, (_, seed) =>
      pickIdentifier([first], { taken: new Set(), seed }),
    );
    expect(fromFirst).toContain(identifier);
    expect(picked).not.toContain(identifier);
  });
});
