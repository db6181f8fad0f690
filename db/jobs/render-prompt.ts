/** @file Contract of the job that renders a prompt. */
import { z } from 'zod';
import { commonFailureCodes, type JobContract, jobPayloadSchema } from './contract.ts';

/** Samplers that a user can choose: those of the engine, whose tests hold the two lists together. */
export const samplerNames = [
  'ddim',
  'ddim_trailing',
  'ddpm',
  'dpmpp_2m',
  'dpmpp_2m_karras',
  'euler',
  'euler_a',
  'lcm',
  'pndm',
  'unipc',
] as const;
/** See {@link samplerNames}. */
export type SamplerName = (typeof samplerNames)[number];

/** Width to height; the worker finds the pixels that suit the base. */
export const aspects = ['1:1', '4:3', '3:4', '3:2', '2:3', '16:9', '9:16'] as const;
/** See {@link aspects}. */
export type Aspect = (typeof aspects)[number];

/** What a user can have their own defaults for. */
export const defaultableSettings = [
  'count',
  'aspect',
  'numInferenceSteps',
  'guidanceScale',
  'sampler',
  'negativePrompt',
] as const;
/** See {@link defaultableSettings}. */
export type DefaultableSetting = (typeof defaultableSettings)[number];

/** What the user chose; what is absent the worker takes from its defaults for the base. */
export const renderSettingsSchema = z.object({
  aspect: z.enum(aspects).optional(),
  numInferenceSteps: z.int().positive().optional(),
  guidanceScale: z.number().nonnegative().optional(),
  // A sampler that this release does not have is no reason to refuse a picture.
  sampler: z.enum(samplerNames).optional().catch(undefined),
  negativePrompt: z.string().optional(),
  /** Makes an existing picture so many times as wide and high, by resampling, instead of drawing one. */
  enlarge: z.union([z.literal(2), z.literal(4)]).optional(),
  /** How far to go from the start picture, where there is one: the share of the steps to take. */
  strength: z.number().positive().max(1).optional(),
  /** Which of these, and whether the count, the user left to their own defaults. */
  ownDefaults: z.array(z.enum(defaultableSettings)).optional(),
});
/** See {@link renderSettingsSchema}. */
export type RenderSettings = z.infer<typeof renderSettingsSchema>;

/** A user's own defaults; what is absent is as for everybody. */
export const ownDefaultsSchema = renderSettingsSchema
  .pick({
    aspect: true,
    numInferenceSteps: true,
    guidanceScale: true,
    sampler: true,
    negativePrompt: true,
  })
  .extend({ count: z.int().positive().optional() });
/** See {@link ownDefaultsSchema}. */
export type OwnDefaults = z.infer<typeof ownDefaultsSchema>;

/** What a user asks for, before its subjects are found. */
export const renditionWishSchema = z.object({
  /** As typed. */
  prompt: z.string(),
  /** Null: any. */
  seed: z.int().nonnegative().nullable(),
  count: z.int().positive(),
  settings: renderSettingsSchema,
  /** Storage id of the clean picture to start from, under the asker's key. */
  startFileId: z.string().optional(),
});
/** See {@link renditionWishSchema}. */
export type RenditionWish = z.infer<typeof renditionWishSchema>;

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

/** What pictures were made with, defaults included. */
export const renderedWithSchema = z.object({
  /** Of each picture, pixels. */
  width: z.int().positive(),
  height: z.int().positive(),
  sampler: z.string(),
  numInferenceSteps: z.int().positive(),
  guidanceScale: z.number().nonnegative(),
});
/** See {@link renderedWithSchema}. */
export type RenderedWith = z.infer<typeof renderedWithSchema>;

/** The pictures, in order; picture `i` was made with `seeds[i]`. */
export const renderResultSchema = z.object({
  fileIds: z.array(z.string()).min(1),
  seeds: z.array(z.int().nonnegative()),
  renderedWith: renderedWithSchema,
});
/** See {@link renderResultSchema}. */
export type RenderResult = z.infer<typeof renderResultSchema>;

/** Why a rendering can fail. */
export const renderFailureCodes = [
  'PROMPT_TOO_LONG',
  'SUBJECT_NOT_TRAINED',
  'SUBJECT_NOT_SHARED',
  'PICTURE_GONE',
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
