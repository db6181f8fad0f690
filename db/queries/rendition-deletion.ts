/** @file Queries: deleting a rendition: stopped and withdrawn at once, forgotten when its files and its message are gone. */
import { and, eq, isNotNull, isNull, notInArray, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { renditions } from '../schema/renditions.ts';
import { openStatuses } from '../schema/status.ts';
import { forgetOutcome } from './outbox-deliveries.ts';
import { withdrawPostsOfRendition } from './publishing.ts';
import { lockRendition, stopRendition } from './rendition-ends.ts';

/** Deletes a rendition: it stops where it is still open, and its published pictures are taken down. */
export async function softDeleteRendition(db: Db, renditionId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockRendition(tx, renditionId);
    if (!row || row.deletedAt) return;
    await tx
      .update(renditions)
      .set({ deletedAt: sql`now()` })
      .where(eq(renditions.id, renditionId));
    await stopRendition(tx, row);
    await withdrawPostsOfRendition(tx, renditionId);
  });
}

/** What is left to do for a deleted rendition. */
export interface DeletedRendition {
  readonly renditionId: string;
  /** Stored pictures: delete them, then call {@link purgeRendition}. */
  readonly fileIds: readonly string[];
  readonly channelId: string;
  /** The message that shows it; null where there is none (yet). */
  readonly messageId: string | null;
}

/** @returns deleted renditions that are over, whose files and messages may still be there */
export async function listUnpurgedRenditions(db: Db, limit = 100): Promise<DeletedRendition[]> {
  const rows = await db
    .select({ rendition: renditions, messageId: outboxDeliveries.messageId })
    .from(renditions)
    .leftJoin(
      outboxDeliveries,
      and(eq(outboxDeliveries.kind, 'rendition'), eq(outboxDeliveries.refId, renditions.id)),
    )
    .where(
      and(
        isNotNull(renditions.deletedAt),
        isNull(renditions.purgedAt),
        notInArray(renditions.status, [...openStatuses]),
      ),
    )
    .limit(limit);
  return rows.map(
    ({ rendition: { id, resultFileIds, channelId, progressMessageId }, messageId }) => ({
      renditionId: id,
      fileIds: resultFileIds ?? [],
      channelId,
      messageId: messageId ?? progressMessageId,
    }),
  );
}

/** Forgets the pictures and the message of a deleted rendition, once they are gone. */
export async function purgeRendition(db: Db, renditionId: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx
      .update(renditions)
      .set({ resultFileIds: null, purgedAt: sql`now()` })
      .where(and(eq(renditions.id, renditionId), isNotNull(renditions.deletedAt)));
    await forgetOutcome(tx, 'rendition', renditionId);
  });
}
