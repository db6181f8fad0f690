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
  numClassSamples: z.int().nonnegative().max(4).optional(),
});
/** See {@link trainSettingsSchema}. */
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** What a training is doing, in order. */
export const trainStages = [
  'preparing',
  'class-images',
  'training',
  'evaluating',
  'saving',
] as const;
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
  /** A picture of the subject after some of the steps, in their order. */
  previews: z.array(z.object({ step: z.int().positive(), fileId: z.string() })).optional(),
});
/** See {@link trainProgressSchema}. */
export type TrainProgress = z.infer<typeof trainProgressSchema>;

/** How good the weights after one step are, as a judge saw their pictures. */
export const candidateScoresSchema = z.object({
  /** Mean cosine of pictures of the subject and the photos. */
  identity: z.number(),
  /** Share of what prompts asked for that the pictures show; by the paper's judges, mean cosine of prompt and picture. */
  prompt: z.number(),
  /** How much nearer to the photos the plain class is than the base draws it, as a cosine. */
  drift: z.number(),
});
/** See {@link candidateScoresSchema}. */
export type CandidateScores = z.infer<typeof candidateScoresSchema>;

/** The evaluation that follows a training, stored with its run. */
export const trainEvaluationSchema = z.object({
  /** Whose scores they are: those of two judges cannot be compared. */
  judge: z.enum(['pocket', 'paper']),
  /** Mean cosine of two photos, what perfect pictures would reach; null where there is one photo only. */
  photoLikeness: z.number().nullable(),
  /** Mean cosine of the base's pictures of the plain class and the photos. */
  classLikeness: z.number(),
  /** In the order of their steps; not all of them need be stored. */
  candidates: z.array(candidateScoresSchema.extend({ step: z.int().positive() })).min(1),
  bestStep: z.int().positive(),
});
/** See {@link trainEvaluationSchema}. */
export type TrainEvaluation = z.infer<typeof trainEvaluationSchema>;

/** How long the parts of a training took, in seconds; the class images none where they were there. */
export const trainTimesSchema = z.object({
  baseCheckpointHash: z.string(),
  method: z.enum(['full', 'lora']),
  steps: z.int().positive(),
  classImages: z.number().nonnegative(),
  training: z.number().nonnegative(),
  evaluating: z.number().nonnegative(),
});
/** See {@link trainTimesSchema}. */
export type TrainTimes = z.infer<typeof trainTimesSchema>;

/** What a training leaves behind for the message that announces it. */
export const trainResultSchema = z.object({
  /** The best weights, which prompts use from now on. */
  artifactId: z.uuid(),
  steps: z.int().nonnegative(),
  finalLoss: z.number().nullable(),
  /** Storage ids: the subject rendered by the best weights. */
  sampleFileIds: z.array(z.string()),
  /** Storage ids: the plain class by the base checkpoint and by the best weights. */
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
