/** @file Contract of the job that renders a prompt. */
import { z } from 'zod';
import { commonFailureCodes, type JobContract, jobPayloadSchema } from './contract.ts';

/** What the user chose; what is absent the worker takes from its defaults for the base. */
export const renderSettingsSchema = z.object({
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  numInferenceSteps: z.int().positive().optional(),
  guidanceScale: z.number().nonnegative().optional(),
  sampler: z.string().optional(),
  negativePrompt: z.string().optional(),
});
/** See {@link renderSettingsSchema}. */
export type RenderSettings = z.infer<typeof renderSettingsSchema>;

/** What a rendering is doing, in order. */
export const renderStages = ['preparing', 'rendering', 'saving'] as const;
/** See {@link renderStages}. */
export type RenderStage = (typeof renderStages)[number];

/** Progress over all pictures of the prompt. */
export const renderProgressSchema = z.object({
  stage: z.enum(renderStages),
  step: z.int().nonnegative(),
  totalSteps: z.int().nonnegative(),
  secondsLeft: z.number().nonnegative().nullable(),
  /** Storage ids of unfinished pictures. */
  previewFileIds: z.array(z.string()).optional(),
});
/** See {@link renderProgressSchema}. */
export type RenderProgress = z.infer<typeof renderProgressSchema>;

/** The pictures, in order; picture `i` was made with `seeds[i]`. */
export const renderResultSchema = z.object({
  fileIds: z.array(z.string()).min(1),
  seeds: z.array(z.int().nonnegative()),
  width: z.int().positive(),
  height: z.int().positive(),
});
/** See {@link renderResultSchema}. */
export type RenderResult = z.infer<typeof renderResultSchema>;

/** Why a rendering can fail. */
export const renderFailureCodes = [
  'PROMPT_TOO_LONG',
  'SUBJECT_NOT_TRAINED',
  'SUBJECT_NOT_SHARED',
  'UNSAFE_OUTPUT',
  'SAFETY_UNAVAILABLE',
  ...commonFailureCodes,
] as const;
/** See {@link renderFailureCodes}. */
export type RenderFailureCode = (typeof renderFailureCodes)[number];

export const renderPrompt = {
  name: 'render-prompt',
  payload: jobPayloadSchema,
  result: renderResultSchema,
  progress: renderProgressSchema,
  failureCodes: renderFailureCodes,
} as const satisfies JobContract;
