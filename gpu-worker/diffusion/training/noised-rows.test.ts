import { expect, test } from 'vitest';
import { Philox } from '../../tensor/random/philox.ts';
import { noiseRows } from './noised-rows.ts';

const SHAPE = [3, 4, 5] as const;
const AREA = 20;
const SIZE = 60;
/** ᾱ of four timesteps. */
const ALPHAS = Float64Array.of(0.99, 0.7, 0.3, 0.01);

const clean = (row: number) => new Philox(1, row).normals(SIZE);
const noised = (
  rows: readonly number[],
  offset?: number,
  prediction_type: 'epsilon' | 'v_prediction' = 'epsilon',
) =>
  noiseRows(
    rows.map(clean),
    SHAPE,
    { prediction_type },
    ALPHAS,
    (i) => new Philox(5, 2, 3, rows[i]!),
    offset,
  );

test('what a row gets depends on its own numbers alone', () => {
  const three = noised([0, 1, 2], 0.1);
  const last = noised([2], 0.1);
  expect(last.timesteps[0]).toBe(three.timesteps[2]);
  for (const name of ['noisyLatents', 'target']) {
    expect(three.feeds[name]!.data.slice(2 * SIZE)).toEqual(last.feeds[name]!.data);
  }
});

test('the noise offset shifts each channel as a whole, in what is added and in what is learned', () => {
  const [plain, shifted] = [noised([0, 1]), noised([0, 1], 0.1)];
  expect(shifted.timesteps).toEqual(plain.timesteps);
  for (let row = 0; row < 2; row++) {
    const noiseRate = Math.sqrt(1 - ALPHAS[plain.timesteps[row]!]!);
    const shifts = new Set<string>();
    for (let i = row * SIZE; i < (row + 1) * SIZE; i++) {
      const difference = (name: string) =>
        shifted.feeds[name]!.data[i]! - plain.feeds[name]!.data[i]!;
      const first = i - (i % AREA);
      const ofChannel = shifted.feeds.target!.data[first]! - plain.feeds.target!.data[first]!;
      expect(difference('target')).toBeCloseTo(ofChannel, 5);
      expect(difference('noisyLatents')).toBeCloseTo(noiseRate * ofChannel, 5);
      shifts.add(ofChannel.toFixed(6));
    }
    expect(shifts.size).toBe(SHAPE[0]);
  }
});

test('the shifts have the standard deviation that was asked for', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => i);
  const [plain, shifted] = [noised(rows), noised(rows, 0.3)];
  const shifts = rows.flatMap((row) =>
    [0, 1, 2].map((channel) => {
      const i = row * SIZE + channel * AREA;
      return shifted.feeds.target!.data[i]! - plain.feeds.target!.data[i]!;
    }),
  );
  const mean = shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length;
  const variance = shifts.reduce((sum, shift) => sum + (shift - mean) ** 2, 0) / shifts.length;
  expect(Math.abs(mean)).toBeLessThan(0.015);
  expect(Math.sqrt(variance)).toBeCloseTo(0.3, 1);
});

test('a velocity is the velocity of the shifted noise', () => {
  const noise = noised([4], 0.2).feeds.target!.data;
  const { feeds, timesteps } = noised([4], 0.2, 'v_prediction');
  const alpha = ALPHAS[timesteps[0]!]!;
  for (const [i, x] of clean(4).entries()) {
    const velocity = Math.sqrt(alpha) * noise[i]! - Math.sqrt(1 - alpha) * x;
    expect(feeds.target!.data[i]).toBeCloseTo(velocity, 5);
  }
});
