/** @file Whole pictures of a tiny random checkpoint: seeds, sizes, prompts and pictures to start from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../testing/tiny-checkpoint.ts';
import { SAMPLER_NAMES } from '../schedulers/create-sampler.ts';
import { loadClipTokenizer } from '../tokenizers/clip-tokenizer.ts';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import { SessionCache } from './session-cache.ts';
import { decodeLatents, encodePixels } from './sessions.ts';
import {
  drawNoise,
  type GenerateOptions,
  type Picture,
  TextToImagePipeline,
} from './text-to-image.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-pictures-'));
const checkpoint = openCheckpoint(writeTinyCheckpoint(dir, { seed: 3 }));
const tokenizer = loadClipTokenizer(checkpoint.tokenizerDir!);
const pipeline = new TextToImagePipeline(checkpoint, [tokenizer], { threads: 1 });
afterAll(async () => {
  await pipeline.close();
  rmSync(dir, { recursive: true });
});

const SIDE = 16;
const generate = (options: Partial<GenerateOptions> = {}) =>
  pipeline.generate({
    prompts: ['a cat'],
    seeds: [7],
    sampler: 'ddim',
    numInferenceSteps: 4,
    guidanceScale: 3,
    height: SIDE,
    width: SIDE,
    ...options,
  });
const drawOne = async (options: Partial<GenerateOptions> = {}) =>
  (await generate(options))[0] as Picture;

/** ‖a − b‖ / ‖b‖ */
function distance(a: Float32Array, b: Float32Array): number {
  const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(squares(a.map((value, i) => value - b[i]!)) / squares(b));
}

/** A smooth picture, `[3, height, width]`. */
const paintWaves = (height: number, width: number) =>
  Float32Array.from({ length: 3 * height * width }, (_, i) => Math.sin(i / (width / 4)) * 0.8);

describe('seeds', () => {
  it.each(['start', 'step', 'posterior'] as const)(
    'noise of a row (%s) has the same bits alone as in a batch',
    (purpose) => {
      const batch = drawNoise([5, 6, 7], 100, purpose, 2);
      expect(batch.slice(200)).toEqual(drawNoise([7], 100, purpose, 2));
      expect(batch.slice(0, 100)).not.toEqual(batch.slice(200));
    },
  );

  const startImage = { pixels: paintWaves(SIDE, SIDE), strength: 0.75 };
  it.each(SAMPLER_NAMES)('a picture by %s is in a batch what it is alone', async (sampler) => {
    for (const options of [{ sampler }, { sampler, startImage }]) {
      const batch = await generate({ ...options, prompts: ['a dog', 'a cat'], seeds: [7, 8] });
      const alone = await drawOne({ ...options, seeds: [8] });
      // Kernels may add up in another order for another batch size.
      expect(distance(batch[1]!.pixels, alone.pixels)).toBeLessThan(1e-5);
      expect(distance(batch[0]!.pixels, alone.pixels)).toBeGreaterThan(1e-2);
    }
  });
});

describe('a picture to start from', () => {
  const pixels = paintWaves(SIDE, SIDE);

  it('is kept at the least strength, as its posterior sample, and lost at full', async () => {
    const cache = new SessionCache({ threads: 1 });
    const { vae } = checkpoint;
    const shape = [1, 3, SIDE, SIDE];
    const { mean, logvar } = await encodePixels(cache, vae, { data: pixels, shape });
    const noise = drawNoise([7], mean.data.length, 'posterior');
    const data = noise.map((epsilon, i) => {
      const deviation = Math.exp(logvar.data[i]! / 2);
      return (mean.data[i]! + deviation * epsilon) * vae.config.scaling_factor;
    });
    const decoded = await decodeLatents(cache, vae, { ...mean, data });
    await cache.close();

    const distanceAt = async (numInferenceSteps: number, strength: number) => {
      const options = { sampler: 'euler', numInferenceSteps, guidanceScale: 1 } as const;
      const picture = await drawOne({ ...options, startImage: { pixels, strength } });
      return distance(picture.pixels, decoded.data as Float32Array);
    };
    // One step from σ = 0.03, where the UNet, which has learnt nothing, has little to say.
    const kept = await distanceAt(1000, 0.001);
    const lost = await distanceAt(4, 1);
    expect(kept).toBeLessThan(0.5);
    expect(lost).toBeGreaterThan(0.9);
  });

  it('takes the share of the steps that its strength says, and at least one', async () => {
    const countSteps = async (strength: number) => {
      let steps = 0;
      await drawOne({
        numInferenceSteps: 8,
        startImage: { pixels, strength },
        onStep: () => void steps++,
      });
      return steps;
    };
    expect([await countSteps(1), await countSteps(0.6), await countSteps(0.01)]).toEqual([8, 4, 1]);
  });

  it('is refused where it does not fill the picture, or its strength is out of range', async () => {
    await expect(drawOne({ width: 24, startImage: { pixels, strength: 0.5 } })).rejects.toThrow(
      'startImage: 768 elements cannot fill [3,16,24]',
    );
    await expect(drawOne({ startImage: { pixels, strength: 0 } })).rejects.toThrow(
      'strength: expected a number above 0 and up to 1, got 0',
    );
  });
});

describe('a preview', () => {
  it.each(SAMPLER_NAMES)('by %s comes near to the picture as the steps go on', async (sampler) => {
    const asked: number[] = [];
    const previews: Float32Array[] = [];
    // Without guidance and with many steps the last predictions hardly differ.
    const options = { sampler, numInferenceSteps: 30, guidanceScale: 1 } as const;
    const picture = await drawOne({
      ...options,
      wantsPreview: (step, totalSteps) => {
        asked.push(step);
        return step === 1 || step === totalSteps - 1;
      },
      onPreview: ([first]) => void previews.push(first!.pixels),
    });
    expect(asked.at(-1)).toBe(asked.length);
    expect(previews).toHaveLength(2);
    const [early, late] = previews.map((pixels) => distance(pixels, picture.pixels));
    expect(late).toBeLessThan(early!);
    expect(late).toBeLessThan(0.5);
    // Looking at it changes nothing.
    expect(await drawOne(options)).toEqual(picture);
  });
});

describe('size', () => {
  it('is what is asked for', async () => {
    const size = { height: 8, width: 24 };
    const startImage = { pixels: paintWaves(8, 24), strength: 0.5 };
    for (const options of [size, { ...size, startImage }]) {
      const picture = await drawOne(options);
      expect(picture).toMatchObject(size);
      expect(picture.pixels).toHaveLength(3 * 8 * 24);
      expect(picture.pixels.every(Number.isFinite)).toBe(true);
    }
  });

  it('is what the checkpoint was made for where nothing is asked', async () => {
    const picture = await drawOne({ height: undefined, width: undefined });
    expect(picture).toMatchObject({ height: 64, width: 64 });
  });

  // The autoencoder halves twice, the UNet once.
  it.each([60, 0, -8, 12.5])('%d pixels are refused', async (width) => {
    await expect(drawOne({ width })).rejects.toThrow(
      `width: expected a multiple of 8 pixels, got ${width}`,
    );
  });
});

describe('the negative prompt', () => {
  it('moves a guided picture, and no other', async () => {
    const negativePrompt = 'a dog on the beach';
    const guided = [await drawOne(), await drawOne({ negativePrompt })] as const;
    expect(distance(guided[1].pixels, guided[0].pixels)).toBeGreaterThan(1e-4);
    const plain = { guidanceScale: 1 };
    expect(await drawOne({ ...plain, negativePrompt })).toEqual(await drawOne(plain));
  });
});
