/** @file The samplers by name. */
import { createDdimSampler } from './ddim.ts';
import { createDdpmSampler } from './ddpm.ts';
import { createDpmSolverMultistepSampler } from './dpm-solver-multistep.ts';
import { createEulerAncestralSampler, createEulerSampler } from './euler.ts';
import { createLcmSampler } from './lcm.ts';
import { createPndmSampler } from './pndm.ts';
import type { Sampler } from './sampler.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { createUniPcMultistepSampler } from './unipc-multistep.ts';

export type { Sampler } from './sampler.ts';

const SAMPLERS = {
  ddim: createDdimSampler,
  ddim_trailing: (config, numInferenceSteps, firstStep) =>
    createDdimSampler({ ...config, timestep_spacing: 'trailing' }, numInferenceSteps, firstStep),
  ddpm: createDdpmSampler,
  dpmpp_2m: createDpmSolverMultistepSampler,
  dpmpp_2m_karras: (config, numInferenceSteps, firstStep) =>
    createDpmSolverMultistepSampler(config, numInferenceSteps, firstStep, true),
  euler: createEulerSampler,
  euler_a: createEulerAncestralSampler,
  lcm: createLcmSampler,
  pndm: createPndmSampler,
  unipc: createUniPcMultistepSampler,
} satisfies Record<
  string,
  (config: SchedulerConfig, numInferenceSteps: number, firstStep: number) => Sampler
>;

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
 * @param numInferenceSteps in `[1, num_train_timesteps]`; for lcm up to the steps it was distilled on
 * @param strength in `(0, 1]`: the share of the steps to take, at least one, when starting from a
 *   picture that `addNoise` has noised
 * @throws {RangeError} when the number of steps or the strength is out of range, or the config asks
 *   for a variant of this sampler that is not supported
 */
export function createSampler(
  name: SamplerName,
  config: SchedulerConfig,
  numInferenceSteps: number,
  strength = 1,
): Sampler {
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(`strength: expected a number above 0 and up to 1, got ${strength}`);
  }
  const stepsTaken = Math.max(1, Math.floor(numInferenceSteps * strength));
  return SAMPLERS[name](config, numInferenceSteps, numInferenceSteps - stepsTaken);
}
