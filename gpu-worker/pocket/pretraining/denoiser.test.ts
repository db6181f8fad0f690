/** @file What a batch of the denoiser's has: timesteps, subjects, and weights of places. */
import { expect, test } from 'vitest';
import { alphasCumprod } from '../../diffusion/schedulers/ddpm.ts';
import { schedulerConfigSchema } from '../../diffusion/schedulers/scheduler-config.ts';
import { loadClipTokenizer } from '../../diffusion/tokenizers/clip-tokenizer.ts';
import type { Scene } from '../world/scene.ts';
import { pretrainingScene } from '../world/seeds.ts';
import { schedulerConfig } from './architecture.ts';
import { DENOISER_BATCH, denoiserFeeds, spreadTimesteps, weighPlaces } from './denoiser.ts';
import { factsOf } from './text-encoder.ts';

const TIMESTEPS = 1000;

test('the logit of their share of the schedule is normal', () => {
  const batches = 1000;
  const logits = Array.from({ length: batches }, (_, i) => [
    ...spreadTimesteps(TIMESTEPS, 100, i / batches),
  ])
    .flat()
    .map((timestep) => Math.log((timestep + 0.5) / (TIMESTEPS - timestep - 0.5)));
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const variance = logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / logits.length;
  expect(mean).toBeCloseTo(-0.5, 2);
  expect(Math.sqrt(variance)).toBeCloseTo(1.4, 2);
});

test('a batch spreads over the whole schedule', () => {
  const timesteps = spreadTimesteps(TIMESTEPS, 32, 0.5);
  for (let row = 1; row < 32; row++) expect(timesteps[row]).toBeGreaterThan(timesteps[row - 1]!);
  expect(timesteps[0]).toBeLessThan(50);
  expect(timesteps[31]).toBeGreaterThan(900);
});

test('a place that the subject covers counts four times one that it leaves free', () => {
  const weights = new Float32Array(4);
  weighPlaces(Uint8Array.of(0, 255, 0, 51), weights);
  expect(weights[1]! / weights[0]!).toBeCloseTo(4);
  expect(weights[3]! / weights[0]!).toBeCloseTo(1.6);
  expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(4);
});

test('a batch pairs each picture with its words and facts, and shows what is small more often', () => {
  const count = 1000;
  const tokenizer = loadClipTokenizer(
    new URL('../../../models/pocket/tokenizer', import.meta.url).pathname,
  );
  // The target is the latent itself, and says which picture it belongs to.
  const scheduler = schedulerConfigSchema.parse({ ...schedulerConfig, prediction_type: 'sample' });
  const latents = {
    data: Float32Array.from({ length: 2 * count }, (_, i) => i >> 1),
    count,
    shape: [1, 1, 2] as const,
    scalingFactor: 1,
    coverage: Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 255 : 0)),
  };
  const batches = 20;
  const scenes: Scene[] = [];
  let empty = 0;
  for (let batch = 0; batch < batches; batch++) {
    const feeds = denoiserFeeds(
      latents,
      tokenizer,
      scheduler,
      alphasCumprod(scheduler),
      1,
      batch,
      1,
    );
    const row = (name: string, i: number): number[] => {
      const { data } = feeds[name]!;
      const size = data.length / DENOISER_BATCH;
      return Array.from(data.subarray(i * size, (i + 1) * size), Number);
    };
    for (let i = 0; i < DENOISER_BATCH; i++) {
      const scene = pretrainingScene(row('target', i)[0]!);
      scenes.push(scene);
      expect(row('facts', i)).toEqual([...factsOf(scene)]);
      expect(row('placeWeights', i)[0]).toBeCloseTo(1.6);
      const [, noun] = tokenizer.encodePadded(scene.subject.className);
      const ids = row('ids', i);
      if (ids[1] === tokenizer.eosId) empty++;
      else expect(ids).toContain(noun);
    }
  }
  const shareOf = (serves: (scene: Scene) => boolean) =>
    scenes.filter(serves).length / scenes.length;
  expect(empty / scenes.length).toBeCloseTo(0.1, 1);
  const all = Array.from({ length: count }, (_, i) => pretrainingScene(i));
  const patterned = ({ subject }: Scene) => subject.pattern !== 'plain';
  const dressed = ({ accessory }: Scene) => accessory !== 'none';
  // A quarter of the rows, and three in ten, are chosen for it; the others are as the world is.
  const of = (serves: (scene: Scene) => boolean) => all.filter(serves).length / count;
  expect(shareOf(dressed)).toBeCloseTo(0.25 + 0.75 * of(dressed), 1);
  expect(shareOf(patterned)).toBeCloseTo(0.3 + 0.7 * of(patterned), 1);
});
