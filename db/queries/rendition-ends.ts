/** @file Queries: the end of renditions, by themselves or at a request, each with its outbox row. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { Outcome } from '../jobs/outcome.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { isTerminal, openStatuses, type RowStatus } from '../schema/status.ts';
import { insertDelivery } from './outbox-deliveries.ts';
import { renditionsRevokedFrom, renditionsWith } from './rendition-subjects.ts';
import type { CancelRequest } from './training-ends.ts';

/** Asks for a rendition to stop; see `requestCancelTraining`. */
export async function requestCancelRendition(
  db: Db,
  renditionId: string,
  userId: string,
): Promise<CancelRequest> {
  return db.transaction(async (tx): Promise<CancelRequest> => {
    const row = await lockRendition(tx, renditionId);
    if (!row) return 'missing';
    if (row.userId !== userId) return 'not-owner';
    return stopRendition(tx, row);
  });
}

/** Stops every open rendition of a subject, inside the transaction that deletes it. */
export async function stopRenditionsOfSubject(tx: Db, subjectId: string): Promise<void> {
  const open = await tx
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.id, renditionsWith(tx, subjectId)),
        inArray(renditions.status, [...openStatuses]),
      ),
    )
    .orderBy(asc(renditions.id))
    .for('update');
  for (const row of open) await stopRendition(tx, row);
}

/** How a rendition ends whose subject is not shared with its asker any more. */
export const notShared: Outcome = {
  outcome: 'failed',
  kind: 'rendition',
  code: 'SUBJECT_NOT_SHARED',
  detail: {},
};

/**
 * Ends the waiting renditions of a subject that no share allows any more, inside the transaction that takes a share
 * back. Those that a worker has begun are finished.
 *
 * @returns how many
 */
export async function stopRevokedRenditions(tx: Db, subjectId: string): Promise<number> {
  const waiting = await tx
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.id, renditionsRevokedFrom(tx, subjectId)),
        eq(renditions.status, 'queued'),
      ),
    )
    .orderBy(asc(renditions.id))
    .for('update');
  for (const row of waiting) await closeRendition(tx, row, 'failed', notShared);
  return waiting.length;
}

/** @returns the row, until the transaction ends nobody else's to change */
export async function lockRendition(tx: Db, renditionId: string): Promise<Rendition | undefined> {
  const [row] = await tx
    .select()
    .from(renditions)
    .where(eq(renditions.id, renditionId))
    .for('update');
  return row;
}

/** Ends a locked rendition that waits; asks the worker of one that runs. */
export async function stopRendition(tx: Db, row: Rendition): Promise<CancelRequest> {
  if (isTerminal(row.status)) return 'finished';
  if (row.status === 'queued') {
    await closeRendition(tx, row, 'cancelled', { outcome: 'cancelled', kind: 'rendition' });
    return 'cancelled';
  }
  await tx.update(renditions).set({ cancelRequested: true }).where(eq(renditions.id, row.id));
  return 'requested';
}

/** Ends a rendition, with its outbox row. */
export async function closeRendition(
  tx: Db,
  row: Rendition,
  status: RowStatus,
  outcome: Outcome,
): Promise<void> {
  const result =
    outcome.outcome === 'succeeded' && outcome.kind === 'rendition' ? outcome.result : null;
  await tx
    .update(renditions)
    .set({
      status,
      failureCode: outcome.outcome === 'failed' ? outcome.code : null,
      resultFileIds: result?.fileIds ?? null,
      renderedWith: result?.renderedWith ?? null,
      updatedAt: sql`now()`,
      finishedAt: sql`now()`,
    })
    .where(eq(renditions.id, row.id));
  await insertDelivery(tx, {
    kind: 'rendition',
    refId: row.id,
    channelId: row.channelId,
    userId: row.userId,
    payload: outcome,
  });
}
