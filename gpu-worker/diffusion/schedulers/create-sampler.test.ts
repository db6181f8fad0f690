import { existsSync, readFileSync } from 'node:fs';
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
  skip_prk_steps: true,
};
const configOf = (changes: object): SchedulerConfig =>
  schedulerConfigSchema.parse({ ...STABLE_DIFFUSION, ...changes });

const START = Float32Array.of(0.9, -1.3, 0.2, 0.05);
const PICTURE = Float32Array.of(0.4, -0.6, 1.1, -0.3);

/** Samples with a stand-in for the UNet: linear in its input and its timestep. */
function sampleLinearModel(sampler: Sampler, start: Float32Array): Float32Array {
  const bias = [0.5, -0.2, 0.1, -0.7];
  return sampler.timesteps.reduce((sample, timestep, stepIndex) => {
    const input = sampler.scaleModelInput(sample, stepIndex);
    const noisePred = input.map((x, j) => 0.3 * x + ((bias[j] as number) * timestep) / 1000);
    const noise = Float32Array.from(bias, (_, j) => (((stepIndex * 7 + j * 3) % 11) - 5) / 4);
    return sampler.step(noisePred, stepIndex, sample, noise);
  }, start);
}

/** The reference steps in float32: its own rounding is a few 1e-6. */
function expectClose(sample: Float32Array, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) {
    const scale = Math.max(1, Math.abs(value));
    expect(Math.abs((sample[i] as number) - value) / scale).toBeLessThan(1e-5);
  }
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
    ['ddim_trailing', {}, 8, 1, [2.10568, -6.547531, 0.5425244, 5.002995]],
    ['pndm', {}, 8, 1, [1.714, -3.78694, 0.4087859, 1.922481]],
    ['pndm', V, 20, 1, [0.3583208, -0.7125716, 0.0837757, 0.2916582]],
    ['pndm', { timestep_spacing: 'trailing' }, 5, 1, [2.17819, -5.541047, 0.534995, 3.458406]],
    ['pndm', { set_alpha_to_one: true }, 3, 1, [1.216415, -2.089005, 0.2773774, 0.5302058]],
    ['lcm', {}, 4, 1, [-2.693542, -3.506688, 0.2875632, 7.915556]],
    [
      'lcm',
      { original_inference_steps: 100, timestep_scaling: 3 },
      4,
      1,
      [-2.538382, -3.521193, 0.2608554, 7.819743],
    ],
    [
      'lcm',
      { ...V, clip_sample: true, rescale_betas_zero_snr: true },
      3,
      1,
      [-0.04455357, 0.5330148, -0.3104779, 0.3152601],
    ],
    ['unipc', {}, 8, 1, [2.103591, -5.90671, 0.5284901, 4.114024]],
    [
      'unipc',
      { ...V, timestep_spacing: 'leading' },
      20,
      1,
      [0.3743849, -0.7400367, 0.08743618, 0.2984893],
    ],
    ['unipc', { use_karras_sigmas: true }, 8, 1, [2.131936, -5.635536, 0.5281482, 3.680626]],
    [
      'unipc',
      { ...SIGMA_MIN, solver_type: 'bh1' },
      8,
      1,
      [2.13255, -5.861588, 0.5330754, 3.994454],
    ],
    [
      'unipc',
      { ...SIGMA_MIN, lower_order_final: false },
      8,
      1,
      [2.169319, -5.865358, 0.5401964, 3.927735],
    ],
    ['unipc', { disable_corrector: [0, 1] }, 8, 1, [2.097142, -6.040785, 0.530108, 4.313496]],
    ['unipc', { solver_order: 1 }, 8, 1, [2.095714, -6.132054, 0.5317762, 4.443486]],
  ])('%s with %j in %d steps', (name, changes, steps, initNoiseSigma, expected) => {
    const sampler = createSampler(name, configOf(changes), steps);
    expect(sampler.initNoiseSigma).toBeCloseTo(initNoiseSigma, 5);
    const start = START.map((x) => x * sampler.initNoiseSigma);
    expectClose(sampleLinearModel(sampler, start), expected);
  });

  it.each(['dpmpp_2m', 'unipc'] as const)(
    'of %s start afresh in first order where the step before was not taken',
    (name) => {
      const run = () => createSampler(name, configOf({}), 20);
      const sample = Float32Array.of(0.5, -0.5);
      const used = run();
      used.step(sample, 3, sample);
      expect(used.step(sample, 10, sample)).toEqual(run().step(sample, 10, sample));
    },
  );
});

describe('from a picture', () => {
  // The noised picture and the clean sample that the reference gives for 6 of 20 steps.
  it.each<[SamplerName, number[], number[]]>([
    [
      'ddim',
      [0.8432621, -1.236264, 1.016349, -0.2173254],
      [0.8114537, -1.234064, 1.019911, -0.1615174],
    ],
    [
      'ddim_trailing',
      [0.8825587, -1.291908, 0.9742087, -0.19893],
      [0.8641047, -1.326834, 1.006464, -0.1263801],
    ],
    [
      'ddpm',
      [0.8432621, -1.236264, 1.016349, -0.2173254],
      [0.5953577, -0.9573534, 0.9516171, 0.06478331],
    ],
    [
      'dpmpp_2m',
      [0.8833053, -1.292962, 0.9732689, -0.1985361],
      [0.8637032, -1.318019, 0.9972387, -0.1347484],
    ],
    [
      'dpmpp_2m_karras',
      [0.6229331, -0.9212298, 1.113836, -0.2762363],
      [0.5922231, -0.8793559, 1.064138, -0.2594776],
    ],
    [
      'euler',
      [1.056748, -1.548635, 1.245944, -0.263514],
      [0.8168831, -1.245866, 1.007926, -0.1510593],
    ],
    [
      'euler_a',
      [1.056748, -1.548635, 1.245944, -0.263514],
      [0.5913742, -0.9812503, 0.9605796, 0.08768607],
    ],
    [
      'lcm',
      [0.8825587, -1.291908, 0.9742087, -0.19893],
      [0.2151773, -0.248199, 0.4252295, 0.3755975],
    ],
    [
      'unipc',
      [0.8833053, -1.292962, 0.9732689, -0.1985361],
      [0.864032, -1.318201, 0.9973471, -0.1351531],
    ],
  ])('%s takes the last steps', (name, noised, expected) => {
    const sampler = createSampler(name, configOf({}), 20, 0.3);
    expect(sampler.timesteps).toEqual(createSampler(name, configOf({}), 20).timesteps.slice(-6));
    const start = sampler.addNoise(PICTURE, START);
    expectClose(start, noised);
    expectClose(sampleLinearModel(sampler, start), expected);
  });

  it('PNDM takes its first remaining step twice', () => {
    const { timesteps } = createSampler('pndm', configOf({}), 8, 0.5);
    expect(timesteps).toEqual([376, 251, 251, 126, 1]);
  });

  const strengths = [1, 0.5, 0.001];
  const runs = SAMPLER_NAMES.flatMap((name) => strengths.map((s) => [name, s] as const));
  it.each(runs)('%s of strength %d comes back to it where every prediction is right', (name, s) => {
    const sampler = createSampler(name, configOf({ prediction_type: 'sample' }), 8, s);
    const end = sampler.timesteps.reduce(
      (sample, _, stepIndex) => sampler.step(PICTURE, stepIndex, sample, START),
      sampler.addNoise(PICTURE, START),
    );
    // These end at the first training timestep, which has a trace of the noise left.
    const alphaProd = ['ddim', 'ddim_trailing', 'pndm'].includes(name) ? 1 - 0.00085 : 1;
    const left = (x: number, i: number) =>
      Math.sqrt(alphaProd) * x + Math.sqrt(1 - alphaProd) * (START[i] as number);
    expectClose(end, [...PICTURE].map(left));
  });

  it.each([0, -0.5, 1.01, Number.NaN])('refuses strength %d', (strength) => {
    expect(() => createSampler('ddim', configOf({}), 20, strength)).toThrow(
      `strength: expected a number above 0 and up to 1, got ${strength}`,
    );
  });
});

it('the list in docs/samplers.md is that of the names', () => {
  const page = path.resolve(import.meta.dirname, '../../../docs/samplers.md');
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `(\w+)`/gm);
  expect(Array.from(rows, ([, name]) => name)).toEqual(SAMPLER_NAMES);
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

  it.each([
    ['ddim', 'leading'],
    ['euler', 'leading'],
    ['dpmpp_2m', 'leading'],
  ] as const)(
    'refuses %s steps that %s spacing with an offset has no place for',
    (name, timestep_spacing) => {
      expect(() => createSampler(name, configOf({ timestep_spacing }), 1000)).toThrow(
        "1000 steps do not fit into the schedule's 1000 with offset 1; take fewer",
      );
      expect(createSampler(name, configOf({ timestep_spacing }), 500).timesteps).toHaveLength(500);
    },
  );

  it('settings that no sampler here follows', () => {
    const refused = {
      _class_name: 'FlowMatchEulerDiscreteScheduler',
      thresholding: true,
      use_beta_sigmas: true,
      use_dynamic_shifting: true,
      interpolation_type: 'log_linear',
      timestep_type: 'continuous',
      sigma_min: 0.03,
    };
    for (const [field, value] of Object.entries(refused)) {
      const parse = () => configOf({ [field]: value });
      expect(parse).toThrow(`${JSON.stringify(value)} is not supported`.replaceAll('"', '\\"'));
      expect(parse).toThrow(field);
    }
    expect(configOf({ thresholding: false, use_beta_sigmas: null })).toMatchObject({});
    const clipped = (value: number) => () =>
      createSampler('dpmpp_2m', configOf({ lambda_min_clipped: value }), 5);
    expect(clipped(-2)).toThrow('lambda_min_clipped -2 is not supported, expected at most -2.68');
    expect(clipped(-5.1)).not.toThrow();
    expect(() => createSampler('dpmpp_2m', configOf({ solver_order: 3 }), 5)).toThrow(
      'expected dpmsolver++ of order 1 or 2 with midpoint, got dpmsolver++ of order 3',
    );
    expect(() => createSampler('unipc', configOf({ solver_order: 3 }), 5)).toThrow(
      'expected order 1 or 2 and predict_x0, got order 3 and predict_x0 true',
    );
    expect(() => createSampler('pndm', configOf({ skip_prk_steps: false }), 5)).toThrow(
      'skip_prk_steps false is not supported',
    );
    expect(() => createSampler('lcm', configOf({}), 51)).toThrow(
      'numInferenceSteps: the model was distilled on 50 steps, got 51',
    );
    expect(() => createSampler('lcm', configOf({ num_train_timesteps: 40 }), 4)).toThrow(
      'original_inference_steps: expected at most 40, got 50',
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
      for (const name of SAMPLER_NAMES) {
        const entry = reference.entries.get(`sample/${name}/timesteps`);
        const expected = entry && [...readTensorFloat32(entry)];
        expect(createSampler(name, scheduler, 8).timesteps, name).toEqual(expected);
      }
    });
  },
);
