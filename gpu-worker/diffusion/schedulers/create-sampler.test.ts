import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import { readSafetensorsHeader, readTensorFloat32 } from '../weights/safetensors.ts';
import { createSampler, SAMPLER_NAMES, type Sampler, type SamplerName } from './create-sampler.ts';
import { type SchedulerConfig, schedulerConfigSchema } from './scheduler-config.ts';

/** What Stable Diffusion 1.5 stores. */
const STABLE_DIFFUSION = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  clip_sample: false,
  steps_offset: 1,
  set_alpha_to_one: false,
};
const configOf = (changes: object): SchedulerConfig =>
  schedulerConfigSchema.parse({ ...STABLE_DIFFUSION, ...changes });

/** Samples with a stand-in for the UNet: linear in its input and its timestep. */
function sampleLinearModel(sampler: Sampler): Float32Array {
  const bias = [0.5, -0.2, 0.1, -0.7];
  const start = Float32Array.of(0.9, -1.3, 0.2, 0.05);
  return sampler.timesteps.reduce<Float32Array>(
    (sample, timestep, stepIndex) => {
      const input = sampler.scaleModelInput(sample, stepIndex);
      const noisePred = input.map((x, j) => 0.3 * x + ((bias[j] as number) * timestep) / 1000);
      const noise = Float32Array.from(bias, (_, j) => (((stepIndex * 7 + j * 3) % 11) - 5) / 4);
      return sampler.step(noisePred, stepIndex, sample, noise);
    },
    start.map((x) => x * sampler.initNoiseSigma),
  );
}

const V = { prediction_type: 'v_prediction' };
const SIGMA_MIN = { final_sigmas_type: 'sigma_min' };

describe('steps', () => {
  // Columns: sampler, changes to the config, steps, initial sigma, clean sample. The last two are
  // what the reference's schedulers (diffusers 0.40) give for the same linear model.
  it.each<[SamplerName, object, number, number, number[]]>([
    ['ddim', {}, 8, 1, [1.662194, -4.065213, 0.4047865, 2.411695]],
    [
      'ddim',
      { ...V, timestep_spacing: 'trailing', rescale_betas_zero_snr: true },
      20,
      1,
      [0.3068652, -0.6683173, 0.07298094, 0.3307062],
    ],
    [
      'ddim',
      { clip_sample: true, set_alpha_to_one: true, timestep_spacing: 'linspace' },
      5,
      1,
      [1, -0.9841136, 0.4526709, -0.04746498],
    ],
    ['ddpm', {}, 8, 1, [-0.7888758, -1.608581, 0.20819, 3.44532]],
    ['ddpm', { ...V, clip_sample: true }, 20, 1, [-0.02728091, 0.05419822, -0.03271658, 0.1299515]],
    ['dpmpp_2m', {}, 8, 1, [2.099731, -5.98939, 0.5295101, 4.236804]],
    ['dpmpp_2m', {}, 25, 1, [2.132805, -5.865036, 0.5331975, 3.998761]],
    [
      'dpmpp_2m',
      { ...V, ...SIGMA_MIN, timestep_spacing: 'leading' },
      20,
      1,
      [0.4283726, -0.8185057, 0.09944382, 0.3021666],
    ],
    [
      'dpmpp_2m',
      { ...SIGMA_MIN, timestep_spacing: 'trailing' },
      10,
      1,
      [2.13163, -5.989414, 0.5356188, 4.174397],
    ],
    ['dpmpp_2m_karras', {}, 25, 1, [2.138959, -5.841137, 0.5338672, 3.953408]],
    ['euler', {}, 8, 14.614647, [2.067608, -6.564314, 0.5355913, 5.100906]],
    [
      'euler',
      { ...V, timestep_spacing: 'leading' },
      20,
      11.073581,
      [0.3361737, -0.6946344, 0.07915315, 0.3100121],
    ],
    [
      'euler',
      { use_karras_sigmas: true },
      10,
      14.614647,
      [2.100131, -6.491477, 0.5402694, 4.935736],
    ],
    ['euler_a', {}, 8, 14.614647, [-1.979869, -2.677404, 0.1999253, 6.648839]],
    [
      'euler_a',
      { ...V, timestep_spacing: 'trailing' },
      20,
      14.614647,
      [-0.01297671, 0.1279922, -0.1729737, 0.0700899],
    ],
  ])('%s with %j in %d steps', (name, changes, steps, initNoiseSigma, expected) => {
    const sampler = createSampler(name, configOf(changes), steps);
    expect(sampler.initNoiseSigma).toBeCloseTo(initNoiseSigma, 5);
    const sample = sampleLinearModel(sampler);
    // The reference steps in float32: its own rounding is a few 1e-6.
    for (const [i, value] of expected.entries()) {
      const scale = Math.max(1, Math.abs(value));
      expect(Math.abs((sample[i] as number) - value) / scale).toBeLessThan(1e-5);
    }
  });

  it('start afresh in first order where the step before was not taken', () => {
    const run = () => createSampler('dpmpp_2m', configOf({}), 20);
    const sample = Float32Array.of(0.5, -0.5);
    const used = run();
    used.step(sample, 3, sample);
    expect(used.step(sample, 10, sample)).toEqual(run().step(sample, 10, sample));
  });
});

describe('timesteps', () => {
  it('fall from 999 to 40 in 25 steps of DPM++ from a config that was stored for PNDM', () => {
    const { timesteps } = createSampler('dpmpp_2m', configOf({}), 25);
    expect([...timesteps.slice(0, 3), ...timesteps.slice(-2)]).toEqual([999, 959, 919, 80, 40]);
  });

  it('crowd towards both ends with Karras sigmas', () => {
    expect(createSampler('dpmpp_2m_karras', configOf({}), 25).timesteps).toEqual([
      999, 970, 938, 905, 868, 829, 786, 739, 687, 630, 568, 500, 427, 352, 278, 207, 146, 96, 59,
      34, 18, 9, 4, 1, 0,
    ]);
  });

  it('are fractions for Euler', () => {
    const { timesteps } = createSampler('euler', configOf({}), 30);
    expect(timesteps[1]).toBeCloseTo(964.5517, 4);
  });

  it('end at the offset for DDIM', () => {
    const { timesteps } = createSampler('ddim', configOf({}), 50);
    expect([timesteps[0], timesteps[1], timesteps[49]]).toEqual([981, 961, 1]);
  });
});

describe('refusals', () => {
  it.each([0, 1001, 2.5])('%d steps', (steps) => {
    for (const name of SAMPLER_NAMES) {
      expect(() => createSampler(name, configOf({}), steps)).toThrow(
        `numInferenceSteps: expected an integer in [1, 1000], got ${steps}`,
      );
    }
  });

  it('settings that no sampler here follows', () => {
    expect(() => createSampler('ddim', configOf({ thresholding: true }), 5)).toThrow(
      'thresholding true is not supported',
    );
    expect(() => createSampler('dpmpp_2m', configOf({ solver_order: 3 }), 5)).toThrow(
      'expected dpmsolver++ of order 1 or 2 with midpoint, got dpmsolver++ of order 3',
    );
    const zeroSnr = { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    expect(() => createSampler('ddim', configOf(zeroSnr), 5)).toThrow('needs prediction_type');
  });

  it('a stochastic step without its noise, and a prediction of another length', () => {
    const one = Float32Array.of(1);
    expect(() => createSampler('euler_a', configOf({}), 5).step(one, 0, one)).toThrow(
      'expected 1 elements of noise, got 0',
    );
    expect(() => createSampler('ddim', configOf({}), 5).step(one, 0, new Float32Array(2))).toThrow(
      '1 predicted elements for 2 of the sample',
    );
  });
});

const golden = path.resolve(import.meta.dirname, '../../../../shared/golden');
// In CI a missing folder is a failure, not a reason to skip.
describe.skipIf(!existsSync(golden) && !process.env.CI)(
  'timesteps of the reference checkpoints (skipped without ../shared/golden)',
  () => {
    it.each(['sd1', 'sd2', 'bk', 'sdxl'])('%s', (family) => {
      const { scheduler } = openCheckpoint(path.join(golden, family));
      const reference = readSafetensorsHeader(path.join(golden, family, 'reference.safetensors'));
      const runs: [string, SamplerName, SchedulerConfig][] = [
        ...SAMPLER_NAMES.map((name): [string, SamplerName, SchedulerConfig] => [
          name,
          name,
          scheduler,
        ]),
        ['ddim_trailing', 'ddim', { ...scheduler, timestep_spacing: 'trailing' }],
      ];
      for (const [run, name, config] of runs) {
        const entry = reference.entries.get(`sample/${run}/timesteps`);
        const expected = entry && [...readTensorFloat32(entry)];
        expect(createSampler(name, config, 8).timesteps, run).toEqual(expected);
      }
    });
  },
);
