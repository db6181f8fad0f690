/** @file Samplers: whole guided walks from noise to clean latents. */
import { predictNoise } from '#worker/diffusion/pipelines/sessions.ts';
import { denoise } from '#worker/diffusion/pipelines/text-to-image.ts';
import {
  createSampler,
  SAMPLER_NAMES,
  type SamplerName,
} from '#worker/diffusion/schedulers/create-sampler.ts';
import type { Tensor } from '#worker/tensor/runtime/session.ts';
import { absoluteRow, failedRow, relativeRow } from '../compare.ts';
import type { Reference } from '../reference.ts';
import type { Bench, Check } from './check.ts';
import { additionFeeds } from './models.ts';

const SAMPLE_TOLERANCE = 2e-4;

export const checkSamplers: Check = async function* (bench) {
  const { reference } = bench;
  const names = reference
    .under('sample/')
    .flatMap((name) => name.match(/^(.+)\/latents$/)?.[1] ?? []);
  for (const name of names) {
    try {
      yield* checkSampler(bench, name);
    } catch (error) {
      reference.skip(`sample/${name}/`);
      yield failedRow(`sample/${name}/latents`, (error as Error).message);
    }
  }
};

async function* checkSampler({ reference, cache, slack }: Bench, name: string) {
  if (!isSamplerName(name)) throw new Error(`there is no sampler ${name}`);
  const { checkpoint, settings } = reference;
  const { unet, scheduler } = checkpoint;
  const start = reference.float('sample/initial_noise');
  const sampler = createSampler(name, scheduler, settings.steps);
  const timesteps = reference.float(`sample/${name}/timesteps`).data;
  yield absoluteRow(`sample/${name}/timesteps`, [[sampler.timesteps, timesteps]], 0);

  const noiseName = `sample/${name}/step_noise`;
  const noise = reference.has(noiseName) ? reference.float(noiseName).data : undefined;
  const size = start.data.length;
  const conditioning = guidedConditioning(reference, start);
  const latents = await denoise({
    sampler,
    start: start.data,
    rowShape: start.shape.slice(1),
    guidanceScale: settings.guidance_scale,
    predict: (feeds) => predictNoise(cache, unet, unet.tensors, { ...feeds, ...conditioning }),
    // The last step of some samplers adds no noise, and the reference then has none for it.
    noiseOf: (step) =>
      step * size < (noise?.length ?? 0)
        ? noise!.slice(step * size, (step + 1) * size)
        : new Float32Array(size),
  });
  const expected = reference.float(`sample/${name}/latents`).data;
  yield relativeRow(`sample/${name}/latents`, [[latents, expected]], SAMPLE_TOLERANCE * slack);
}

const isSamplerName = (name: string): name is SamplerName =>
  (SAMPLER_NAMES as readonly string[]).includes(name);

/** The unconditional text for each row of the sample, then the conditional one (row 0). */
function guidedConditioning(reference: Reference, sample: Tensor) {
  const states = reference.float('text/hidden');
  const [count] = sample.shape as [number];
  const { unconditionalRow } = reference.rowRoles(states.shape[0]!);
  const rows = [unconditionalRow, 0].flatMap((row) => Array<number>(count).fill(row));
  const { pooled, timeIds } = additionFeeds(reference, sample);
  return {
    states: takeRows(states, rows),
    ...(pooled && timeIds && { pooled: takeRows(pooled, rows), timeIds: takeRows(timeIds, rows) }),
  };
}

function takeRows({ data, shape }: Tensor, rows: readonly number[]): Tensor {
  const size = data.length / shape[0]!;
  const taken = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) {
    taken.set(data.subarray(row * size, (row + 1) * size), i * size);
  }
  return { data: taken, shape: [rows.length, ...shape.slice(1)] };
}
