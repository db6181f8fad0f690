/** @file How a row ended, as the outbox carries it: structured, never a ready-made sentence. */
import { z } from 'zod';
import { type RenderFailureCode, renderFailureCodes, renderResultSchema } from './render-prompt.ts';
import { type TrainFailureCode, trainFailureCodes, trainResultSchema } from './train-subject.ts';

/** Facts that a sentence may need: `{ nearestClassNouns: ['dog', …] }`, `{ word: 'sunset' }`. */
export const failureDetailSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.array(z.string())]),
);
/** See {@link failureDetailSchema}. */
export type FailureDetail = z.infer<typeof failureDetailSchema>;

/** Every failure code of every job. */
export const failureCodes = [...new Set([...trainFailureCodes, ...renderFailureCodes])];
/** See {@link failureCodes}. */
export type FailureCode = TrainFailureCode | RenderFailureCode;

/** How a row ended, told apart by `outcome` and, where it succeeded, by `kind`. */
export const outcomeSchema = z.union([
  z.object({
    outcome: z.literal('succeeded'),
    kind: z.literal('training'),
    result: trainResultSchema,
  }),
  z.object({
    outcome: z.literal('succeeded'),
    kind: z.literal('rendition'),
    result: renderResultSchema,
  }),
  z.object({
    outcome: z.literal('failed'),
    kind: z.enum(['training', 'rendition']),
    code: z.enum(failureCodes),
    detail: failureDetailSchema,
  }),
  z.object({
    outcome: z.literal('cancelled'),
    kind: z.enum(['training', 'rendition']),
  }),
]);
/** See {@link outcomeSchema}. */
export type Outcome = z.infer<typeof outcomeSchema>;

/** @returns storage ids of every picture that the outcome names */
export function listOutcomeFiles(outcome: Outcome): string[] {
  if (outcome.outcome !== 'succeeded') return [];
  if (outcome.kind === 'rendition') return [...outcome.result.fileIds];
  const { sampleFileIds, classBeforeFileIds, classAfterFileIds } = outcome.result;
  return [...sampleFileIds, ...classBeforeFileIds, ...classAfterFileIds];
}

/** @returns what stands in an outcome's place once its subject, and with it every picture, is deleted */
export function buildDeletedOutcome(kind: Outcome['kind']): Outcome {
  return { outcome: 'failed', kind, code: 'SUBJECT_DELETED', detail: {} };
}
