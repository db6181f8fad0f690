/** @file The shape of a job contract: what the bot and the worker must agree on about one kind of job. */
import { z } from 'zod';

/** Queues keep clear text, so a job carries its row's id and nothing else. */
export const jobPayloadSchema = z.strictObject({ rowId: z.uuid() });
/** See {@link jobPayloadSchema}. */
export type JobPayload = z.infer<typeof jobPayloadSchema>;

/** One kind of job. Each has a queue of its own, named like the job. */
export interface JobContract<
  Name extends string = string,
  Result extends z.ZodType = z.ZodType,
  Progress extends z.ZodType = z.ZodType,
  Code extends string = string,
> {
  readonly name: Name;
  readonly payload: typeof jobPayloadSchema;
  readonly result: Result;
  readonly progress: Progress;
  readonly failureCodes: readonly Code[];
}

/** Failures that any job can have. */
export const commonFailureCodes = [
  'BASE_MISSING',
  'BASE_CHANGED',
  'SUBJECT_DELETED',
  'FILE_MISSING',
  'SETTINGS_UNSUPPORTED',
  'NAN_LOSS',
  'ENGINE_CRASHED',
  'OUT_OF_MEMORY',
  'DISK_FULL',
  'TOO_MANY_ATTEMPTS',
  'TIMED_OUT',
  'INTERNAL',
] as const;
