/** @file Queries: the outbox, from which the bot delivers outcomes to Discord. */
import { randomBytes } from 'node:crypto';
import { and, asc, eq, inArray, lt, lte, or, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { buildDeletedOutcome, listOutcomeFiles, type Outcome } from '../jobs/outcome.ts';
import {
  type DeliveryKind,
  type MirrorKind,
  type OutboxDelivery,
  type OutcomeKind,
  outboxDeliveries,
  outcomeKinds,
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
    kind: OutcomeKind;
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

/** A row whose message must follow it. */
export interface Mirror {
  readonly kind: MirrorKind;
  readonly refId: string;
  /** Where a new message goes; whoever sends it may know better. */
  readonly channelId: string;
  readonly userId: string;
}

/** How many rows one statement writes. */
const BATCH = 500;

/**
 * Has the messages of rows follow their change, once more. A sender at work on the state before loses its claim.
 *
 * @param tx the transaction that also changes the rows
 * @param delayMs gathers changes that come in quick succession
 */
export async function requestMirrors(
  tx: Db,
  mirrors: readonly Mirror[],
  delayMs = 0,
): Promise<void> {
  const at = after(delayMs);
  for (let first = 0; first < mirrors.length; first += BATCH) {
    const values = mirrors
      .slice(first, first + BATCH)
      .map((mirror) => ({ ...mirror, nonce: randomBytes(12).toString('hex'), nextAttemptAt: at }));
    await tx
      .insert(outboxDeliveries)
      .values(values)
      .onConflictDoUpdate({
        target: [outboxDeliveries.kind, outboxDeliveries.refId],
        set: {
          status: 'pending',
          claimedUntil: null,
          failures: sql`case ${outboxDeliveries.status} when 'pending' then ${outboxDeliveries.failures} else 0 end`,
          nextAttemptAt: sql`case ${outboxDeliveries.status} when 'pending'
            then least(${outboxDeliveries.nextAttemptAt}, ${at}) else ${at} end`,
        },
      });
  }
}

/** Has a row told by a new message in that channel, as if there had been none. */
export async function startMirror(tx: Db, mirror: Mirror): Promise<void> {
  const nonce = randomBytes(12).toString('hex');
  const { channelId } = mirror;
  await tx
    .insert(outboxDeliveries)
    .values({ ...mirror, nonce })
    .onConflictDoUpdate({
      target: [outboxDeliveries.kind, outboxDeliveries.refId],
      set: {
        channelId,
        nonce,
        messageId: null,
        status: 'pending',
        claimedUntil: null,
        failures: 0,
        nextAttemptAt: sql`now()`,
      },
    });
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
export type DeliveryClaim = Pick<OutboxDelivery, 'id' | 'attempts' | 'failures'>;

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
      failures: 0,
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
  const failures = claim.failures + 1;
  const over = failure.permanent === true || failures >= (failure.maxAttempts ?? 1000);
  const status = over ? 'failed' : 'pending';
  const rows = await db
    .update(outboxDeliveries)
    .set({
      status,
      claimedUntil: null,
      failures,
      lastErrorCode: failure.errorCode,
      nextAttemptAt: after(failure.delayMs ?? deliveryBackoffMs(failures)),
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

/** @returns the rendition that a message of the bot shows, if it shows one */
export async function findRenditionIdByMessage(
  db: Db,
  messageId: string,
): Promise<string | undefined> {
  const [row] = await db
    .select({ refId: outboxDeliveries.refId })
    .from(outboxDeliveries)
    .where(and(eq(outboxDeliveries.messageId, messageId), eq(outboxDeliveries.kind, 'rendition')));
  return row?.refId;
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
export async function forgetOutcome(tx: Db, kind: OutcomeKind, refId: string): Promise<void> {
  await tx
    .update(outboxDeliveries)
    .set({ payload: { outcome: 'cancelled', kind }, messageId: null })
    .where(and(eq(outboxDeliveries.kind, kind), eq(outboxDeliveries.refId, refId)));
}

/** Outcomes of one kind that still name pictures of the subject. */
const withPicturesOf = (db: Db, kind: OutcomeKind, subjectId: string) => {
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
  for (const kind of outcomeKinds) {
    const rows = await db
      .select({ payload: outboxDeliveries.payload })
      .from(outboxDeliveries)
      .where(withPicturesOf(db, kind, subjectId));
    fileIds.push(...rows.flatMap(({ payload }) => (payload ? listOutcomeFiles(payload) : [])));
  }
  return fileIds;
}

/**
 * Makes every outcome that names pictures of a subject say that it was deleted, delivered or not; inside the
 * transaction that forgets the subject's files.
 */
export async function forgetOutcomesOfSubject(tx: Db, subjectId: string): Promise<void> {
  for (const kind of outcomeKinds) {
    await tx
      .update(outboxDeliveries)
      .set({ payload: buildDeletedOutcome(kind) })
      .where(withPicturesOf(tx, kind, subjectId));
  }
}
