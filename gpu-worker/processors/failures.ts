/** @file Tells what a retry cannot help, as a code of the job's contract, from outages, which have no code. */
import type { FailureDetail } from '#db/jobs/outcome.ts';
import { KeyError } from '#storage/keys.ts';
import { FileError } from '#storage/store.ts';
import { EngineCrashedError, EngineFailure } from '../engine/client.ts';

/** A job that ends here, with a code and what a sentence about it needs. */
export class JobFailure<Code extends string> extends Error {
  override readonly name = 'JobFailure';
  readonly code: Code;
  readonly detail: FailureDetail;

  constructor(code: Code, detail: FailureDetail = {}) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** Codes that every job has. */
type CommonCode = 'FILE_MISSING' | 'DISK_FULL' | 'ENGINE_CRASHED' | 'INTERNAL';

/**
 * Finds the failure in what a processor threw.
 *
 * @param codes the contract's; an engine code that is not among them becomes INTERNAL
 * @returns undefined for an outage or a bug: throw it on, the sweep starts the row again
 */
export function failureOf<Code extends string>(
  error: unknown,
  codes: readonly (Code | CommonCode)[],
): { code: Code | CommonCode; detail: FailureDetail } | undefined {
  if (error instanceof JobFailure)
    return { code: knownCode(error.code, codes), detail: error.detail };
  if (error instanceof EngineFailure) {
    return { code: knownCode(error.code, codes), detail: { ...error.details } };
  }
  if (error instanceof EngineCrashedError) return { code: 'ENGINE_CRASHED', detail: {} };
  if (error instanceof FileError) return { code: 'FILE_MISSING', detail: {} };
  // Another deployment's key: no retry finds the right one.
  if (error instanceof KeyError) return { code: 'INTERNAL', detail: {} };
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return { code: 'DISK_FULL', detail: {} };
  return undefined;
}

function knownCode<Code extends string>(
  code: string,
  codes: readonly (Code | CommonCode)[],
): Code | CommonCode {
  // To the job it is one more stored file that is of no use any more.
  const translated = code === 'ARTIFACT_UNREADABLE' ? 'FILE_MISSING' : code;
  return codes.find((known) => known === translated) ?? 'INTERNAL';
}
