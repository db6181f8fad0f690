import { expect, test } from 'vitest';
import { wholePicture } from '../diffusion/pipelines/time-ids.ts';
import { minSnrWeight } from '../diffusion/training/min-snr.ts';
import { Philox } from '../tensor/random/philox.ts';
import type { Feeds } from '../tensor/runtime/session.ts';
import { type LatentPosteriors, shuffledRounds } from './dataset.ts';
import { createStepBatches, type StepBatch, type StepData, type StepSettings } from './step.ts';

const SETTINGS: StepSettings = {
  seed: 11,
  trainBatchSize: 2,
  gradientAccumulationSteps: 1,
  priorLossWeight: 0.5,
  snrGamma: null,
  noiseOffset: 0.1,
};

/** Pictures whose latents are their number and the first draw of their randomness. */
const pictures = (count: number, first: number): LatentPosteriors => ({
  count,
  shape: [2, 1, 1],
  frames: Array.from({ length: count }, (_, i) => wholePicture(1, first + i)),
  sample: (index, random) => Float32Array.of(first + index, random.uniform()),
});

const DATA: StepData = {
  instance: pictures(3, 0),
  class: pictures(5, 100),
  alphas: Float64Array.from({ length: 1000 }, (_, t) => ((999.5 - t) / 1000) ** 2),
  predictionType: 'epsilon',
  prompts: { ids: { data: Int32Array.of(1, 2), shape: [2, 1] } },
  withTimeIds: true,
};

const ROW_FEEDS = ['noisyLatents', 'target', 'timesteps', 'timeIds', 'rowWeights', 'rowPrompts'];
const rowsOf = (batches: readonly StepBatch[], name: string) => {
  const rows = batches.flatMap((batch) => {
    const { data } = batch.feeds[name]!;
    const size = data.length / batch.rows.length;
    return batch.rows.map((row, i) => [row, [...data.subarray(i * size, (i + 1) * size)]] as const);
  });
  return new Map(rows);
};

test('each half is weighted by its own timesteps', () => {
  const settings = { ...SETTINGS, trainBatchSize: 3, snrGamma: 1 };
  for (const predictionType of ['epsilon', 'v_prediction', 'sample'] as const) {
    const [batch] = createStepBatches({ ...DATA, predictionType }, settings)(4);
    const { timesteps, rowWeights, rowPrompts } = batch!.feeds as Required<Feeds>;
    expect([...rowPrompts!.data]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(new Set(timesteps!.data).size).toBe(6);
    for (const [row, weight] of rowWeights!.data.entries()) {
      const share = (row < 3 ? 1 : 0.5) / 3;
      const own = minSnrWeight(timesteps!.data[row]!, DATA.alphas, 1, predictionType);
      expect(weight).toBeCloseTo(share * own, 6);
    }
    if (predictionType === 'v_prediction') expect(new Set(rowWeights!.data).size).toBe(6);
  }
});

test('without γ, timesteps count the same', () => {
  const [batch] = createStepBatches(DATA, SETTINGS)(0);
  expect([...batch!.feeds.rowWeights!.data]).toEqual([0.5, 0.5, 0.25, 0.25]);
});

test('several small batches are fed what one large batch is', () => {
  const large = createStepBatches(DATA, { ...SETTINGS, trainBatchSize: 6, snrGamma: 5 });
  const small = createStepBatches(DATA, {
    ...SETTINGS,
    trainBatchSize: 2,
    gradientAccumulationSteps: 3,
    snrGamma: 5,
  });
  for (const step of [0, 7]) {
    expect(small(step).map(({ rows }) => rows)).toEqual([
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
    ]);
    for (const name of ROW_FEEDS) {
      const expected = rowsOf(large(step), name);
      const actual = rowsOf(small(step), name);
      expect(actual.size).toBe(12);
      for (const [row, values] of expected) expect(actual.get(row), name).toEqual(values);
    }
  }
});

test('a step is the same whatever was dealt out before', () => {
  const inOrder = createStepBatches(DATA, SETTINGS);
  const steps = [0, 1, 2, 3, 4].map(inOrder);
  for (const step of [3, 1, 4])
    expect(createStepBatches(DATA, SETTINGS)(step)).toEqual(steps[step]);
  expect(createStepBatches(DATA, { ...SETTINGS, seed: 12 })(3)).not.toEqual(steps[3]);
});

test('without class images there are instance rows only', () => {
  const { class: _, ...alone } = DATA;
  const [batch] = createStepBatches(alone, SETTINGS)(1);
  expect(batch!.rows).toEqual([0, 1]);
  expect([...batch!.feeds.rowPrompts!.data]).toEqual([0, 0]);
});

test('every picture comes once a round, and rounds are shuffled anew', () => {
  let shuffles = 0;
  const pictureOf = shuffledRounds(4, (round) => {
    shuffles++;
    return new Philox(3, round);
  });
  const rounds = [0, 1, 2, 3, 4].map((round) => [0, 1, 2, 3].map((i) => pictureOf(4 * round + i)));
  for (const round of rounds) expect([...round].sort()).toEqual([0, 1, 2, 3]);
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(2);
  expect(shuffles).toBe(5);
  expect([0, 1, 2, 3].map((i) => pictureOf(4 + i))).toEqual(rounds[1]);
});
