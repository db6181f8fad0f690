/** @file The noise schedule and sampler settings stored in a checkpoint's `scheduler_config.json`. */
import { z } from 'zod';

/** Schedulers of the reference that share these schedules, so that a file of one suits the samplers here. */
const CLASSES = [
  'DDIMScheduler',
  'DDPMScheduler',
  'DEISMultistepScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSDEScheduler',
  'DPMSolverSinglestepScheduler',
  'EulerAncestralDiscreteScheduler',
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'LCMScheduler',
  'LMSDiscreteScheduler',
  'PNDMScheduler',
  'TCDScheduler',
  'UniPCMultistepScheduler',
] as const;

/** Anything else would give other pictures than the reference, and no sampler here does it. */
const only = <const T extends string | boolean | null>(value: T) =>
  z
    .literal(value, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is not supported, expected ${JSON.stringify(value)}`,
    })
    .optional();
const offOrAbsent = z.union([only(false), only(null)], {
  error: ({ input }) => `${JSON.stringify(input)} is not supported, expected false`,
});

/**
 * Fields of `scheduler_config.json` that the samplers here read, and those that they refuse.
 *
 * Fields whose default is the same in every scheduler are filled in. Those whose default depends on
 * the sampler (`timestep_spacing`, `steps_offset` …) stay undefined where the file has none, so that
 * a file written for one scheduler and read by another gives what the reference's `from_config` gives.
 */
export const schedulerConfigSchema = z.looseObject({
  _class_name: z
    .enum(CLASSES, { error: ({ input }) => `${JSON.stringify(input)} is not supported` })
    .optional(),
  num_train_timesteps: z.int().positive().max(100_000).default(1000),
  beta_start: z.number().positive().lt(1).default(0.0001),
  beta_end: z.number().positive().lt(1).default(0.02),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).default('linear'),
  trained_betas: z.array(z.number().positive().lt(1)).min(1).max(100_000).nullable().default(null),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).default('epsilon'),
  timestep_spacing: z.enum(['linspace', 'leading', 'trailing']).optional(),
  steps_offset: z.int().min(0).max(100).optional(),
  set_alpha_to_one: z.boolean().optional(),
  clip_sample: z.boolean().optional(),
  clip_sample_range: z.number().optional(),
  rescale_betas_zero_snr: z.boolean().optional(),
  use_karras_sigmas: z.boolean().nullish(),
  final_sigmas_type: z.enum(['zero', 'sigma_min']).optional(),
  solver_order: z.int().optional(),
  solver_type: z.string().optional(),
  algorithm_type: z.string().optional(),
  lower_order_final: z.boolean().optional(),
  euler_at_final: z.boolean().optional(),
  predict_x0: z.boolean().optional(),
  disable_corrector: z.array(z.int()).optional(),
  skip_prk_steps: z.boolean().optional(),
  original_inference_steps: z.int().positive().optional(),
  timestep_scaling: z.number().positive().optional(),
  /** null stands for minus infinity, which has no place in JSON. */
  lambda_min_clipped: z.number().nullish(),
  // What follows must be as Stable Diffusion has it.
  thresholding: offOrAbsent,
  use_exponential_sigmas: offOrAbsent,
  use_beta_sigmas: offOrAbsent,
  use_lu_lambdas: offOrAbsent,
  use_flow_sigmas: offOrAbsent,
  use_dynamic_shifting: offOrAbsent,
  interpolation_type: only('linear'),
  timestep_type: only('discrete'),
  sigma_min: only(null),
  sigma_max: only(null),
  shift_terminal: only(null),
});

/** @see schedulerConfigSchema */
export type SchedulerConfig = z.infer<typeof schedulerConfigSchema>;
