/** @file Queries: answers that are owed to users, so that no interaction ends in silence, not even when the process dies. */
import { asc, eq, isNull, lte, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type OwedAnswer, owedAnswers } from '../schema/owed-answers.ts';
import { deliveryBackoffMs } from './outbox-deliveries.ts';

/** An interaction that was taken. */
export type NewOwedAnswer = Pick<OwedAnswer, 'interactionId' | 'userId' | 'guildId' | 'channelId'>;

/** Records that an interaction is being handled. One that Discord delivers twice is owed one answer. */
export async function oweAnswer(db: Db, owed: NewOwedAnswer): Promise<void> {
  await db.insert(owedAnswers).values(owed).onConflictDoNothing();
}

/** Records that its user has the answer. */
export async function settleAnswer(db: Db, interactionId: string): Promise<void> {
  await db.delete(owedAnswers).where(eq(owedAnswers.interactionId, interactionId));
}

/** Records that the answer did not get through: the user is to be told by a message. */
export async function loseAnswer(db: Db, owed: NewOwedAnswer): Promise<void> {
  const tellAt = sql`now()`;
  await db
    .insert(owedAnswers)
    .values({ ...owed, tellAt })
    .onConflictDoUpdate({ target: owedAnswers.interactionId, set: { tellAt } });
}

/**
 * Marks what an earlier process left unanswered as lost. Call it before the first interaction is taken: one process
 * at a time has the gateway session.
 *
 * @returns how many there were
 */
export async function loseLeftAnswers(db: Db): Promise<number> {
  const rows = await db
    .update(owedAnswers)
    .set({ tellAt: sql`now()` })
    .where(isNull(owedAnswers.tellAt))
    .returning({ interactionId: owedAnswers.interactionId });
  return rows.length;
}

/** @returns lost answers whose users are to be told now, oldest first */
export async function listLostAnswers(db: Db, limit = 20): Promise<OwedAnswer[]> {
  return db
    .select()
    .from(owedAnswers)
    .where(lte(owedAnswers.tellAt, sql`now()`))
    .orderBy(asc(owedAnswers.tellAt))
    .limit(limit);
}

/** @param delayMs when to try again; absent: later with each failure */
export async function postponeAnswer(
  db: Db,
  { interactionId, attempts }: Pick<OwedAnswer, 'interactionId' | 'attempts'>,
  delayMs: number = deliveryBackoffMs(attempts + 1),
): Promise<void> {
  await db
    .update(owedAnswers)
    .set({
      attempts: sql`${owedAnswers.attempts} + 1`,
      tellAt: sql`now() + ${Math.round(delayMs)} * interval '1 millisecond'`,
    })
    .where(eq(owedAnswers.interactionId, interactionId));
}
