/** @file Queries: a worker's attempts at renditions. Each write names its attempt; a stale one writes nothing. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { FailureDetail, Outcome } from '../jobs/outcome.ts';
import type { RenderFailureCode, RenderProgress, RenderResult } from '../jobs/render-prompt.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { isTerminal } from '../schema/status.ts';
import { onlyRow } from './errors.ts';
import { closeRendition, lockRendition, notShared } from './rendition-ends.ts';
import { hasRevokedUse, lockSubjectsOf } from './rendition-subjects.ts';

/** Whether a start was granted, and its number, which every later write passes back. */
export type StartedRendition =
  | { readonly started: true; readonly attempt: number; readonly rendition: Rendition }
  | {
      readonly started: false;
      readonly reason: 'missing' | 'finished' | 'too-many-attempts' | 'not-shared';
    };

/**
 * Starts (or starts again) a rendition. Earlier attempts become stale at once.
 *
 * @param options.maxAttempts after so many starts it fails with `TOO_MANY_ATTEMPTS`
 */
export async function startRenditionAttempt(
  db: Db,
  renditionId: string,
  options: { maxAttempts?: number } = {},
): Promise<StartedRendition> {
  const maxAttempts = options.maxAttempts ?? 20;
  return db.transaction(async (tx): Promise<StartedRendition> => {
    const row = await lockRendition(tx, renditionId);
    if (!row) return { started: false, reason: 'missing' };
    if (isTerminal(row.status)) return { started: false, reason: 'finished' };
    if (row.attempt >= maxAttempts) {
      await closeRendition(tx, row, 'failed', {
        outcome: 'failed',
        kind: 'rendition',
        code: 'TOO_MANY_ATTEMPTS',
        detail: { attempts: row.attempt },
      });
      return { started: false, reason: 'too-many-attempts' };
    }
    // Asked for in the very moment in which its subject's owner took the share back.
    if (row.status === 'queued' && (await hasRevokedUse(tx, renditionId))) {
      await closeRendition(tx, row, 'failed', notShared);
      return { started: false, reason: 'not-shared' };
    }
    const attempt = row.attempt + 1;
    const rendition = onlyRow(
      await tx
        .update(renditions)
        .set({
          status: 'running',
          attempt,
          startedAt: sql`coalesce(${renditions.startedAt}, now())`,
          updatedAt: sql`now()`,
        })
        .where(eq(renditions.id, renditionId))
        .returning(),
    );
    return { started: true, attempt, rendition };
  });
}

/** Rows that the given attempt may still write. */
const current = (renditionId: string, attempt: number) =>
  and(
    eq(renditions.id, renditionId),
    eq(renditions.attempt, attempt),
    eq(renditions.status, 'running'),
  );

/** @returns false where the attempt is stale: the caller must stop and leave no files behind */
export async function updateRenditionProgress(
  db: Db,
  renditionId: string,
  attempt: number,
  progress: RenderProgress,
): Promise<boolean> {
  const rows = await db
    .update(renditions)
    .set({ progress, updatedAt: sql`now()` })
    .where(current(renditionId, attempt))
    .returning({ id: renditions.id });
  return rows.length > 0;
}

/** Whether the given attempt should go on; asked between steps. */
export async function checkRenditionAttempt(
  db: Db,
  renditionId: string,
  attempt: number,
): Promise<'go-on' | 'cancel' | 'stale'> {
  const [row] = await db
    .select({ cancelRequested: renditions.cancelRequested })
    .from(renditions)
    .where(current(renditionId, attempt));
  if (!row) return 'stale';
  return row.cancelRequested ? 'cancel' : 'go-on';
}

/**
 * Ends it with its pictures and the outbox row.
 *
 * @returns false where the attempt is stale or it or its subject was deleted meanwhile; the stored files are then
 *   the caller's to delete
 */
export async function succeedRendition(
  db: Db,
  renditionId: string,
  attempt: number,
  result: RenderResult,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    // The subjects before the row, as the transaction that deletes one locks them.
    const shown = await lockSubjectsOf(tx, renditionId);
    const row = await lockRendition(tx, renditionId);
    if (row?.status !== 'running' || row.attempt !== attempt) return false;
    if (row.deletedAt || shown.some((subject) => subject.deletedAt)) {
      await closeRendition(tx, row, 'cancelled', { outcome: 'cancelled', kind: 'rendition' });
      return false;
    }
    await closeRendition(tx, row, 'succeeded', {
      outcome: 'succeeded',
      kind: 'rendition',
      result,
    });
    return true;
  });
}

/** Ends it with a failure and the outbox row; false where the attempt is stale. */
export async function failRendition(
  db: Db,
  renditionId: string,
  attempt: number,
  failure: { code: RenderFailureCode; detail?: FailureDetail },
): Promise<boolean> {
  return endAttempt(db, renditionId, attempt, 'failed', {
    outcome: 'failed',
    kind: 'rendition',
    code: failure.code,
    detail: failure.detail ?? {},
  });
}

/** Ends it as cancelled, with the outbox row; false where the attempt is stale. */
export async function cancelRendition(
  db: Db,
  renditionId: string,
  attempt: number,
): Promise<boolean> {
  return endAttempt(db, renditionId, attempt, 'cancelled', {
    outcome: 'cancelled',
    kind: 'rendition',
  });
}

async function endAttempt(
  db: Db,
  renditionId: string,
  attempt: number,
  status: 'failed' | 'cancelled',
  outcome: Outcome,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const row = await lockRendition(tx, renditionId);
    if (row?.status !== 'running' || row.attempt !== attempt) return false;
    await closeRendition(tx, row, status, outcome);
    return true;
  });
}
