/** @file What the worker and its engine child say to each other; both sides check what they receive. */
import { z } from 'zod';
import {
  ENGINE_FAILURE_CODES,
  type RenderPromptResult,
  renderPromptRequestSchema,
  STAGES,
  type TrainSubjectResult,
  trainSubjectRequestSchema,
} from '../dreambooth/requests.ts';
import {
  type EvaluateCandidatesResult,
  evaluateCandidatesRequestSchema,
  evaluateCandidatesResultSchema,
} from '../evaluation/requests.ts';

const id = z.int().nonnegative();

/** What the engine can be asked. */
export const engineRequestSchema = z.discriminatedUnion('kind', [
  trainSubjectRequestSchema,
  evaluateCandidatesRequestSchema,
  renderPromptRequestSchema,
]);
/** See {@link engineRequestSchema}. */
export type EngineRequest = z.infer<typeof engineRequestSchema>;

/** What each kind of request results in. */
interface EngineResults {
  readonly 'train-subject': TrainSubjectResult;
  readonly 'evaluate-candidates': EvaluateCandidatesResult;
  readonly 'render-prompt': RenderPromptResult;
}
/** What a request results in. */
export type EngineResultOf<Request extends EngineRequest> = EngineResults[Request['kind']];

/** Parent to child. */
export const engineCommandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), id, request: engineRequestSchema }),
  /** Stop between two steps; the answer is a failure with the code `CANCELLED`. */
  z.object({ type: z.literal('cancel'), id }),
  /** Come to the end with what was learned by now; the answer is a result. */
  z.object({ type: z.literal('finish'), id }),
]);
/** See {@link engineCommandSchema}. */
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Failures beside those that a request itself is to blame for. */
const PROCESS_FAILURE_CODES = ['CANCELLED', 'OUT_OF_MEMORY', 'DISK_FULL', 'INTERNAL'] as const;
/** Why a request failed. */
export const engineFailureCodes = [...ENGINE_FAILURE_CODES, ...PROCESS_FAILURE_CODES] as const;
/** See {@link engineFailureCodes}. */
export type FailureCode = (typeof engineFailureCodes)[number];

/** Checks of the results. */
export const engineResultSchemas = {
  'train-subject': z.object({
    steps: z.int().nonnegative(),
    candidates: z.array(z.object({ step: z.int().positive(), file: z.string() })).min(1),
    resumedFromStep: z.int().nonnegative(),
    /** JSON writes NaN, which a training that had nothing left to do reports, as null. */
    finalLoss: z
      .number()
      .nullable()
      .transform((loss) => loss ?? Number.NaN),
    classImagesMade: z.int().nonnegative(),
  }),
  'evaluate-candidates': evaluateCandidatesResultSchema,
  'render-prompt': z.object({ pictureFiles: z.array(z.string()) }),
} as const satisfies Record<EngineRequest['kind'], z.ZodType>;

/** Child to parent. */
export const engineEventSchema = z.discriminatedUnion('type', [
  /** Everything is loaded; requests may come. */
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('progress'),
    id,
    event: z.object({
      stage: z.enum(STAGES),
      step: z.number(),
      totalSteps: z.number(),
      secondsLeft: z.number().optional(),
      loss: z.number().optional().catch(undefined),
      previewFile: z.string().optional(),
      candidateFile: z.string().optional(),
    }),
  }),
  /** Checked again by the schema of the request's kind. */
  z.object({ type: z.literal('result'), id, result: z.unknown() }),
  z.object({
    type: z.literal('failure'),
    id,
    code: z.enum(engineFailureCodes),
    message: z.string(),
    details: z.record(z.string(), z.string()),
    stack: z.string().optional(),
  }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
    fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
]);
/** See {@link engineEventSchema}. */
export type EngineEvent = z.infer<typeof engineEventSchema>;
