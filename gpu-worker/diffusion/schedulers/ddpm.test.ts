import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  type TensorEntry,
} from '../weights/safetensors.ts';
import { addNoise, alphasCumprod, predictionTarget } from './ddpm.ts';
import { schedulerConfigSchema } from './scheduler-config.ts';

const alphasOf = (json: object) => alphasCumprod(schedulerConfigSchema.parse(json));
const STABLE_DIFFUSION = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

describe('alphasCumprod', () => {
  // Float32 values of the reference's schedulers.
  it.each<[object, [number, number][]]>([
    [
      STABLE_DIFFUSION,
      [
        [0, 0.99915],
        [100, 0.8942235],
        [500, 0.2763327],
        [999, 0.0046601],
      ],
    ],
    [
      {},
      [
        [0, 0.99989998],
        [500, 0.07779665],
        [999, 4.0358304e-5],
      ],
    ],
    [
      { beta_schedule: 'squaredcos_cap_v2' },
      [
        [0, 0.99995869],
        [500, 0.49228504],
        [999, 2.428735e-9],
      ],
    ],
    [
      { ...STABLE_DIFFUSION, rescale_betas_zero_snr: true },
      [
        [0, 0.99914998],
        [500, 0.24101864],
        [998, 1.9679634e-7],
        [999, 0],
      ],
    ],
    [
      { num_train_timesteps: 2, trained_betas: [0.25, 0.5] },
      [
        [0, 0.75],
        [1, 0.375],
      ],
    ],
  ])('%j', (config, expected) => {
    const alphas = alphasOf(config);
    for (const [timestep, value] of expected) {
      expect(alphas[timestep]).toBeCloseTo(value, 6);
    }
  });
});

describe('noising one row', () => {
  const alphas = alphasOf(STABLE_DIFFUSION);
  it.each([
    [0, 1.014152, 0.470632],
    [500, 0.951017, -0.58785],
    [999, 0.567098, -0.963535],
  ])('gives the known values at timestep %d', (timestep, noisy, velocity) => {
    const [x, epsilon] = [Float32Array.of(1), Float32Array.of(0.5)];
    expect(addNoise(x, epsilon, timestep, alphas)[0]).toBeCloseTo(noisy, 5);
    expect(predictionTarget(x, epsilon, timestep, alphas, 'v_prediction')[0]).toBeCloseTo(
      velocity,
      5,
    );
    expect(predictionTarget(x, epsilon, timestep, alphas, 'epsilon')).toEqual(epsilon);
    expect(predictionTarget(x, epsilon, timestep, alphas, 'sample')).toEqual(x);
  });

  it.each([-1, 1000, 1.5])('refuses timestep %d', (timestep) => {
    const row = Float32Array.of(1);
    expect(() => addNoise(row, row, timestep, alphas)).toThrow(RangeError);
    expect(() => predictionTarget(row, row, timestep, alphas, 'epsilon')).toThrow(RangeError);
  });
});

const golden = path.resolve(import.meta.dirname, '../../../../shared/golden');
// In CI a missing folder is a failure, not a reason to skip.
describe.skipIf(!existsSync(golden) && !process.env.CI)(
  'reference values (skipped without ../shared/golden)',
  () => {
    it.each(['sd1', 'sd2', 'bk', 'sdxl'])('%s', (family) => {
      const { scheduler } = openCheckpoint(path.join(golden, family));
      const { entries } = readSafetensorsHeader(path.join(golden, family, 'reference.safetensors'));
      const read = (name: string) => readTensorFloat32(entries.get(name) as TensorEntry);
      const alphas = alphasCumprod(scheduler);
      expect(Float32Array.from(alphas)).toEqual(read('schedule/alphas_cumprod'));

      const [latents, noise] = [read('unet/latents'), read('unet/noise')];
      const [noisy, target] = [read('unet/noisy'), read('unet/target')];
      const timesteps = readTensorInt32(entries.get('unet/timesteps') as TensorEntry);
      const length = latents.length / timesteps.length;
      for (const [row, timestep] of timesteps.entries()) {
        const part = (all: Float32Array) => all.subarray(row * length, (row + 1) * length);
        const [x, epsilon] = [part(latents), part(noise)];
        expectClose(addNoise(x, epsilon, timestep, alphas), part(noisy));
        expectClose(
          predictionTarget(x, epsilon, timestep, alphas, scheduler.prediction_type),
          part(target),
        );
      }
    });
  },
);

function expectClose(actual: Float32Array, expected: Float32Array) {
  expect(actual.length).toBe(expected.length);
  const worst = expected.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (actual[i] as number))),
    0,
  );
  expect(worst).toBeLessThan(1e-6);
}
