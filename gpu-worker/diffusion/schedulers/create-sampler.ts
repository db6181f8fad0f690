/** @file The samplers by name. */
import { createDdimSampler } from './ddim.ts';
import { createDdpmSampler } from './ddpm.ts';
import { createDpmSolverMultistepSampler } from './dpm-solver-multistep.ts';
import { createEulerAncestralSampler, createEulerSampler } from './euler.ts';
import type { Sampler } from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

export type { Sampler } from './sampler.ts';

const SAMPLERS = {
  ddim: createDdimSampler,
  ddpm: createDdpmSampler,
  dpmpp_2m: createDpmSolverMultistepSampler,
  dpmpp_2m_karras: (config, numInferenceSteps) =>
    createDpmSolverMultistepSampler(config, numInferenceSteps, true),
  euler: createEulerSampler,
  euler_a: createEulerAncestralSampler,
} satisfies Record<string, (config: SchedulerConfig, numInferenceSteps: number) => Sampler>;

/** A sampler's name in settings and records. */
export type SamplerName = keyof typeof SAMPLERS;

/** Every sampler's name. */
export const SAMPLER_NAMES = Object.keys(SAMPLERS) as readonly SamplerName[];

/**
 * Makes a sampler for one batch.
 *
 * Only fields that `scheduler_config.json` states count; others take the sampler's own default, as
 * the reference's `from_config` does.
 *
 * @param name which sampler
 * @param config of the checkpoint
 * @param numInferenceSteps in `[1, num_train_timesteps]`
 * @throws {RangeError} when the number of steps is out of range
 * @throws {Error} when the config asks for a variant that is not supported
 */
export function createSampler(
  name: SamplerName,
  config: SchedulerConfig,
  numInferenceSteps: number,
): Sampler {
  return SAMPLERS[name](config, numInferenceSteps);
}
