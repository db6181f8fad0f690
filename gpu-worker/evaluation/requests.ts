/** @file What the engine is asked after a training: to draw with its candidates, to score them and to choose the best. */
import { z } from 'zod';
import { providerSchema, samplingSettingsSchema } from '../dreambooth/requests.ts';

const absolutePath = z.string().startsWith('/');
const candidateSchema = z.object({ step: z.int().positive(), file: absolutePath });

/** Sampling steps of a picture that is looked at, and not kept: half the time of one that is meant to last. */
export const COMPARING_STEPS = 10;
/** Pictures of the plain class that a candidate draws. */
export const CLASS_PICTURES = 4;

export const evaluateCandidatesRequestSchema = z.object({
  kind: z.literal('evaluate-candidates'),
  baseCheckpointDir: absolutePath,
  /** Clean PNG photos. */
  photoFiles: z.array(absolutePath).min(1),
  classNoun: z.string().min(1),
  identifier: z.string().min(1),
  /** In the order of their steps. */
  candidates: z.array(candidateSchema).min(1),
  /** The plain class by the frozen base: class images from the first one on. Empty: they are drawn here. */
  classImageFiles: z.array(absolutePath).max(CLASS_PICTURES),
  /** What each candidate draws to be looked at, identifier and class noun in it. */
  samplePrompts: z.array(z.string()),
  /** Where pictures go. */
  outputDir: absolutePath,
  /** Folders of the judges; which of them is asked depends on the base. */
  judges: z.object({ pocketDir: absolutePath, paperDir: absolutePath.optional() }),
  seed: z.int().nonnegative(),
  sampling: samplingSettingsSchema,
  provider: providerSchema,
});
export type EvaluateCandidatesRequest = z.infer<typeof evaluateCandidatesRequestSchema>;

/** How good a candidate is. */
export const candidateScoresSchema = z.object({
  /** Mean cosine of its pictures of the subject and the photos. */
  identity: z.number(),
  /** Share of what was asked for that its pictures show; by the paper's judges, mean cosine of prompt and picture. */
  prompt: z.number(),
  /** How much nearer to the photos its pictures of the plain class are than the base's, as a cosine. */
  drift: z.number(),
});
export type CandidateScores = z.infer<typeof candidateScoresSchema>;

export const evaluateCandidatesResultSchema = z.object({
  /** One a candidate. */
  candidates: z.array(
    z.object({ sampleFiles: z.array(z.string()), scores: candidateScoresSchema.optional() }),
  ),
  /** Index of the best one. */
  best: z.int().nonnegative(),
  /** Who judged, and what there is to compare with; absent where nobody could. */
  judged: z
    .object({
      judge: z.enum(['pocket', 'paper']),
      /** Mean cosine of two photos; absent where there is one photo only. */
      photoLikeness: z.number().optional(),
      /** Mean cosine of the base's pictures of the plain class and the photos. */
      classLikeness: z.number(),
    })
    .optional(),
  /** Why nobody could judge. */
  notJudged: z.string().optional(),
  /** The plain class before and after, picture by picture. */
  classBeforeFiles: z.array(z.string()),
  classAfterFiles: z.array(z.string()),
});
export type EvaluateCandidatesResult = z.infer<typeof evaluateCandidatesResultSchema>;
