/** @file What there is to tell of an outcome by now. */
import { buildDeletedOutcome, type Outcome } from '#db/jobs/outcome.ts';
import type { OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import type { Subject } from '#db/schema/subjects.ts';

/**
 * Read the row after the pictures, so that pictures which a deletion took away are never told of as if they were there.
 *
 * @returns the outcome, or that a subject of it was deleted meanwhile
 */
export function outcomeNow(outcome: Outcome, subjects: readonly Subject[]): Outcome {
  const isGone = outcome.outcome === 'succeeded' && subjects.some(({ deletedAt }) => deletedAt);
  return isGone ? buildDeletedOutcome(outcome.kind) : outcome;
}

/** @returns what an outcome's delivery tells; only those of mirrors tell nothing themselves */
export function payloadOf({ payload }: Pick<OutboxDelivery, 'payload'>): Outcome {
  if (!payload) throw new Error('outbox: an outcome that tells nothing');
  return payload;
}
