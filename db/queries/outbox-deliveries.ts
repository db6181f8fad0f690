/** @file Queries: the outbox, from which the bot delivers outcomes to Discord. */
import { randomBytes } from 'node:crypto';
import { and, asc, eq, inArray, lt, lte, or, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { buildDeletedOutcome, listOutcomeFiles, type Outcome } from '../jobs/outcome.ts';
import {
  type DeliveryKind,
  deliveryKinds,
  type OutboxDelivery,
  outboxDeliveries,
} from '../schema/outbox-deliveries.ts';
import { trainingRuns } from '../schema/training-runs.ts';
import { renditionsWith } from './rendition-subjects.ts';

/** An instant some milliseconds from the database's now: clocks of two machines need not agree. */
const after = (ms: number) => sql`now() + ${Math.round(ms)} * interval '1 millisecond'`;

/**
 * Writes an outcome to the outbox. A row's outcome exists once: a second write is ignored.
 *
 * @param db the transaction that also writes the row's status
 * @returns whether this call wrote it
 */
export async function insertDelivery(
  db: Db,
  delivery: {
    kind: DeliveryKind;
    refId: string;
    channelId: string;
    userId: string;
    payload: Outcome;
  },
): Promise<boolean> {
  const rows = await db
    .insert(outboxDeliveries)
    .values({ ...delivery, nonce: randomBytes(12).toString('hex') })
    .onConflictDoNothing({ target: [outboxDeliveries.kind, outboxDeliveries.refId] })
    .returning({ id: outboxDeliveries.id });
  return rows.length > 0;
}

/**
 * Claims deliveries that are due, oldest first. Two claimers never get the same one; a claimer that
 * dies gives its claims back when the lease ends. Pass each row's `attempts` back with the report.
 *
 * @param options.leaseMs how long the claimer may take to report
 */
export async function claimDeliveries(
  db: Db,
  options: { limit?: number; leaseMs?: number } = {},
): Promise<OutboxDelivery[]> {
  const due = db
    .select({ id: outboxDeliveries.id })
    .from(outboxDeliveries)
    .where(
      or(
        and(
          eq(outboxDeliveries.status, 'pending'),
          lte(outboxDeliveries.nextAttemptAt, sql`now()`),
        ),
        and(eq(outboxDeliveries.status, 'sending'), lt(outboxDeliveries.claimedUntil, sql`now()`)),
      ),
    )
    .orderBy(asc(outboxDeliveries.nextAttemptAt))
    .limit(options.limit ?? 10)
    .for('update', { skipLocked: true });
  const rows = await db
    .update(outboxDeliveries)
    .set({
      status: 'sending',
      attempts: sql`${outboxDeliveries.attempts} + 1`,
      claimedUntil: after(options.leaseMs ?? 60_000),
    })
    .where(inArray(outboxDeliveries.id, due))
    .returning();
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A claim, as {@link claimDeliveries} gave it. */
export type DeliveryClaim = Pick<OutboxDelivery, 'id' | 'attempts'>;

const standing = (claim: DeliveryClaim) =>
  and(
    eq(outboxDeliveries.id, claim.id),
    eq(outboxDeliveries.attempts, claim.attempts),
    eq(outboxDeliveries.status, 'sending'),
  );

/** Records that Discord has it; false where the claim was lost. */
export async function markDelivered(
  db: Db,
  claim: DeliveryClaim,
  messageId: string | null,
): Promise<boolean> {
  const rows = await db
    .update(outboxDeliveries)
    .set({
      status: 'delivered',
      messageId,
      claimedUntil: null,
      lastErrorCode: null,
      deliveredAt: sql`now()`,
    })
    .where(standing(claim))
    .returning({ id: outboxDeliveries.id });
  return rows.length > 0;
}

/**
 * How long to wait after the given number of failed attempts: 1 s doubling to 5 minutes.
 *
 * @returns milliseconds
 */
export function deliveryBackoffMs(attempts: number): number {
  return Math.min(1000 * 2 ** Math.max(0, attempts - 1), 300_000);
}

/**
 * Gives a claimed delivery back to be tried later, or ends it where a retry cannot help.
 *
 * @param failure.errorCode what went wrong, for operators (for example `http-503`)
 * @param failure.delayMs when to try again (a `Retry-After`); else {@link deliveryBackoffMs}
 * @param failure.permanent ends it
 * @param failure.maxAttempts ends it once so many attempts failed
 * @returns the new status, or `lost` where the claim was lost
 */
export async function rescheduleDelivery(
  db: Db,
  claim: DeliveryClaim,
  failure: { errorCode: string; delayMs?: number; permanent?: boolean; maxAttempts?: number },
): Promise<'pending' | 'failed' | 'lost'> {
  const over = failure.permanent === true || claim.attempts >= (failure.maxAttempts ?? 1000);
  const status = over ? 'failed' : 'pending';
  const rows = await db
    .update(outboxDeliveries)
    .set({
      status,
      claimedUntil: null,
      lastErrorCode: failure.errorCode,
      nextAttemptAt: after(failure.delayMs ?? deliveryBackoffMs(claim.attempts)),
    })
    .where(standing(claim))
    .returning({ id: outboxDeliveries.id });
  return rows.length > 0 ? status : 'lost';
}

/** @returns the delivery of a row's outcome */
export async function findDelivery(
  db: Db,
  kind: DeliveryKind,
  refId: string,
): Promise<OutboxDelivery | undefined> {
  const [row] = await db
    .select()
    .from(outboxDeliveries)
    .where(and(eq(outboxDeliveries.kind, kind), eq(outboxDeliveries.refId, refId)));
  return row;
}

/** @returns which of the rows' outcomes were given up: nobody was told of them */
export async function listFailedDeliveries(
  db: Db,
  kind: DeliveryKind,
  refIds: readonly string[],
): Promise<string[]> {
  if (refIds.length === 0) return [];
  const rows = await db
    .select({ refId: outboxDeliveries.refId })
    .from(outboxDeliveries)
    .where(
      and(
        eq(outboxDeliveries.kind, kind),
        inArray(outboxDeliveries.refId, [...refIds]),
        eq(outboxDeliveries.status, 'failed'),
      ),
    );
  return rows.map(({ refId }) => refId);
}

/** Makes the outcome of a deleted row name nothing any more, inside the transaction that forgets its files. */
export async function forgetOutcome(tx: Db, kind: DeliveryKind, refId: string): Promise<void> {
  await tx
    .update(outboxDeliveries)
    .set({ payload: { outcome: 'cancelled', kind }, messageId: null })
    .where(and(eq(outboxDeliveries.kind, kind), eq(outboxDeliveries.refId, refId)));
}

/** Outcomes of one kind that still name pictures of the subject. */
const withPicturesOf = (db: Db, kind: DeliveryKind, subjectId: string) => {
  const refIds =
    kind === 'rendition'
      ? renditionsWith(db, subjectId)
      : db
          .select({ id: trainingRuns.id })
          .from(trainingRuns)
          .where(eq(trainingRuns.subjectId, subjectId));
  return and(
    eq(outboxDeliveries.kind, kind),
    inArray(outboxDeliveries.refId, refIds),
    sql`${outboxDeliveries.payload} ->> 'outcome' = 'succeeded'`,
  );
};

/** @returns storage ids of the pictures that outcomes of the subject's trainings and renditions name */
export async function listOutcomeFilesOfSubject(db: Db, subjectId: string): Promise<string[]> {
  const fileIds: string[] = [];
  for (const kind of deliveryKinds) {
    const rows = await db
      .select({ payload: outboxDeliveries.payload })
      .from(outboxDeliveries)
      .where(withPicturesOf(db, kind, subjectId));
    fileIds.push(...rows.flatMap(({ payload }) => listOutcomeFiles(payload)));
  }
  return fileIds;
}

/**
 * Makes every outcome that names pictures of a subject say that it was deleted, delivered or not; inside the
 * transaction that forgets the subject's files.
 */
export async function forgetOutcomesOfSubject(tx: Db, subjectId: string): Promise<void> {
  for (const kind of deliveryKinds) {
    await tx
      .update(outboxDeliveries)
      .set({ payload: buildDeletedOutcome(kind) })
      .where(withPicturesOf(tx, kind, subjectId));
  }
}
