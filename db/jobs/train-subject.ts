/** @file Contract of the job that learns a subject from its photos. */
import { z } from 'zod';
import { commonFailureCodes, type JobContract, jobPayloadSchema } from './contract.ts';

/** What the user or the deployment chose; what is absent the worker takes from its defaults for the base. */
export const trainSettingsSchema = z.object({
  seed: z.int().nonnegative(),
  method: z.enum(['full', 'lora']).optional(),
  /** Of the adapters, where the method is `lora`. */
  rank: z.int().min(1).max(512).optional(),
  maxTrainSteps: z.int().positive().optional(),
  lr: z.number().positive().optional(),
  priorLossWeight: z.number().nonnegative().optional(),
  numClassImages: z.int().nonnegative().optional(),
  trainTextEncoder: z.boolean().optional(),
  /** Prompts of the sample pictures, with `[V]` where the subject goes. */
  samplePrompts: z.array(z.string()).optional(),
  /** Pictures of the plain class to show, before and after. */
  numClassSamples: z.int().nonnegative().max(16).optional(),
});
/** See {@link trainSettingsSchema}. */
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** What a training is doing, in order. */
export const trainStages = ['preparing', 'class-images', 'training', 'sampling', 'saving'] as const;
/** See {@link trainStages}. */
export type TrainStage = (typeof trainStages)[number];

/** Progress within the current stage. */
export const trainProgressSchema = z.object({
  stage: z.enum(trainStages),
  step: z.int().nonnegative(),
  totalSteps: z.int().nonnegative(),
  /** Until the whole training ends; null while unknown. */
  secondsLeft: z.number().nonnegative().nullable(),
  /** Null outside the training stage. */
  loss: z.number().nullable(),
  /** Storage ids of pictures made on the way. */
  previewFileIds: z.array(z.string()).optional(),
});
/** See {@link trainProgressSchema}. */
export type TrainProgress = z.infer<typeof trainProgressSchema>;

/** What a training leaves behind for the message that announces it. */
export const trainResultSchema = z.object({
  artifactId: z.uuid(),
  steps: z.int().nonnegative(),
  finalLoss: z.number().nullable(),
  /** Storage ids: the subject rendered by the trained weights. */
  sampleFileIds: z.array(z.string()),
  /** Storage ids: the plain class by the base checkpoint and by the trained weights. */
  classBeforeFileIds: z.array(z.string()),
  classAfterFileIds: z.array(z.string()),
});
/** See {@link trainResultSchema}. */
export type TrainResult = z.infer<typeof trainResultSchema>;

/** Why a training can fail. A cancelled training is not a failure: it is a status. */
export const trainFailureCodes = [
  'PHOTO_UNREADABLE',
  'CLASS_NOUN_UNKNOWN',
  'NO_IDENTIFIER_LEFT',
  ...commonFailureCodes,
] as const;
/** See {@link trainFailureCodes}. */
export type TrainFailureCode = (typeof trainFailureCodes)[number];

export const trainSubject = {
  name: 'train-subject',
  payload: jobPayloadSchema,
  result: trainResultSchema,
  progress: trainProgressSchema,
  failureCodes: trainFailureCodes,
} as const satisfies JobContract;
