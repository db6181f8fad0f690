/** @file What the worker and its engine child say to each other; both sides check what they receive. */
import { z } from 'zod';
import {
  ENGINE_FAILURE_CODES,
  renderPromptRequestSchema,
  STAGES,
  trainSubjectRequestSchema,
} from '../dreambooth/requests.ts';

const id = z.int().nonnegative();

/** Parent to child. */
export const engineCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    id,
    request: z.discriminatedUnion('kind', [trainSubjectRequestSchema, renderPromptRequestSchema]),
  }),
  /** Stop between two steps; the answer is a failure with the code `CANCELLED`. */
  z.object({ type: z.literal('cancel'), id }),
]);
/** See {@link engineCommandSchema}. */
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Failures beside those that a request itself is to blame for. */
const PROCESS_FAILURE_CODES = ['CANCELLED', 'OUT_OF_MEMORY', 'DISK_FULL', 'INTERNAL'] as const;
/** Why a request failed. */
export const engineFailureCodes = [...ENGINE_FAILURE_CODES, ...PROCESS_FAILURE_CODES] as const;
/** See {@link engineFailureCodes}. */
export type FailureCode = (typeof engineFailureCodes)[number];

/** What each kind of request results in. */
export const engineResultSchemas = {
  'train-subject': z.object({
    steps: z.int().nonnegative(),
    resumedFromStep: z.int().nonnegative(),
    /** JSON writes NaN, which a training that had nothing left to do reports, as null. */
    finalLoss: z
      .number()
      .nullable()
      .transform((loss) => loss ?? Number.NaN),
    sampleFiles: z.array(z.string()),
    classImagesMade: z.int().nonnegative(),
  }),
  'render-prompt': z.object({ pictureFiles: z.array(z.string()) }),
} as const;

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
