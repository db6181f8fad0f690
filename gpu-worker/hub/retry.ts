/** @file Tries again what failed for a reason that may pass. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HubError } from './hub-error.ts';

/** How often and how long to try. */
export interface Patience {
  readonly signal: AbortSignal;
  /** Pause after the first failure in a row; it doubles. */
  readonly retryDelayMs?: number | undefined;
}

/** Failures in a row. */
const MAX_FAILURES = 5;
const RETRY_DELAY_MS = 1_000;

/**
 * @param hasMoved tells whether the failed try got further than the one before: then the count begins anew
 * @throws {HubError} the last failure; at once, where it will not pass
 */
export async function retryTransient<T>(
  attempt: () => Promise<T>,
  { signal, retryDelayMs = RETRY_DELAY_MS }: Patience,
  hasMoved: () => boolean = () => false,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HubError) || !error.isTransient) throw error;
      if (hasMoved()) failures = 1;
      if (failures >= MAX_FAILURES) throw error;
      await sleep(retryDelayMs * 2 ** (failures - 1), undefined, { signal });
    }
  }
}
