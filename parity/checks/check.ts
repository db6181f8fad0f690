/** @file What a check is given, and what it gives. */
import type { SessionCache } from '#worker/diffusion/pipelines/session-cache.ts';
import type { ExecutionProvider } from '#worker/tensor/runtime/session.ts';
import type { Row } from '../compare.ts';
import type { Reference } from '../reference.ts';

export interface Bench {
  readonly reference: Reference;
  readonly provider: ExecutionProvider;
  /** Sessions of this provider. */
  readonly cache: SessionCache;
  /** Every tolerance but that of exact items is multiplied by this. */
  readonly slack: number;
}

/** Compares what the reference holds of its kind; nothing where it holds nothing. */
export type Check = (bench: Bench) => AsyncIterable<Row>;
