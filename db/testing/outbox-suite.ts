/** @file The query tests of the outbox, as part of the query suite. */
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Db } from '../client.ts';
import {
  claimDeliveries,
  deliveryBackoffMs,
  findDelivery,
  insertDelivery,
  markDelivered,
  rescheduleDelivery,
} from '../queries/outbox-deliveries.ts';
import { failTraining, startTrainingAttempt } from '../queries/training-attempts.ts';
import { getTrainingRun } from '../queries/training-runs.ts';
import { newId } from '../schema/columns.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { insertTraining } from './rows.ts';

/** @param opened the suite's database, which is open once tests run */
export function describeOutboxQueries(opened: () => Db): void {
  describe('the outbox', () => {
    const insert = (refId: string) =>
      insertDelivery(opened(), {
        kind: 'rendition',
        refId,
        channelId: '1',
        userId: '2',
        payload: { outcome: 'cancelled', kind: 'rendition' },
      });
    const deliver = async () => {
      const refId = newId();
      await insert(refId);
      return refId;
    };
    const claimAll = async () => {
      const claimed = [];
      for (;;) {
        const some = await claimDeliveries(opened(), { limit: 100 });
        if (some.length === 0) return claimed;
        claimed.push(...some);
      }
    };
    const only = async (refId: string) => {
      // Ends what other tests left, so that the next claim is ours.
      for (const claim of await claimAll()) {
        if (claim.refId === refId) return claim;
        await markDelivered(opened(), claim, null);
      }
      throw new Error('not claimed');
    };

    it('holds one outcome a row', async () => {
      expect(await insert(await deliver())).toBe(false);
    });

    it('gives a delivery to one claimer, however many ask at once', async () => {
      const db = opened();
      await claimAll();
      const refIds = await Promise.all(Array.from({ length: 20 }, deliver));
      const claims = await Promise.all(
        Array.from({ length: 8 }, () => claimDeliveries(db, { limit: 4 })),
      );
      const claimed = claims.flat().map((claim) => claim.refId);
      expect(new Set(claimed).size).toBe(claimed.length);
      const rest = (await claimAll()).map((claim) => claim.refId);
      expect([...claimed, ...rest].sort()).toEqual([...refIds].sort());
    });

    it('does not give out what was delivered, nor take a second report', async () => {
      const db = opened();
      const claim = await only(await deliver());
      expect(claim).toMatchObject({ status: 'sending', attempts: 1 });
      expect(await markDelivered(db, claim, '777')).toBe(true);
      expect(await markDelivered(db, claim, '778')).toBe(false);
      expect(await findDelivery(db, 'rendition', claim.refId)).toMatchObject({
        status: 'delivered',
        messageId: '777',
      });
      expect(await claimDeliveries(db)).toEqual([]);
    });

    it('tries again later, with the same nonce', async () => {
      const db = opened();
      const claim = await only(await deliver());
      expect(await rescheduleDelivery(db, claim, { errorCode: 'http-503', delayMs: 200 })).toBe(
        'pending',
      );
      expect(await claimDeliveries(db)).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [again] = await claimDeliveries(db);
      expect(again).toMatchObject({
        refId: claim.refId,
        attempts: 2,
        nonce: claim.nonce,
        lastErrorCode: 'http-503',
      });
      expect(await rescheduleDelivery(db, claim, { errorCode: 'late' })).toBe('lost');
      expect(await rescheduleDelivery(db, again!, { errorCode: 'http-403', permanent: true })).toBe(
        'failed',
      );
      expect(await claimDeliveries(db)).toEqual([]);
    });

    it('gives up after so many attempts', async () => {
      const db = opened();
      const claim = await only(await deliver());
      expect(await rescheduleDelivery(db, claim, { errorCode: 'x', maxAttempts: 1 })).toBe(
        'failed',
      );
    });

    it('takes a delivery back from a claimer that died', async () => {
      const db = opened();
      await claimAll();
      const refId = await deliver();
      const [dead] = await claimDeliveries(db, { leaseMs: 100 });
      expect(dead?.refId).toBe(refId);
      expect(await claimDeliveries(db)).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const [next] = await claimDeliveries(db);
      expect(next).toMatchObject({ refId, attempts: 2 });
      expect(await markDelivered(db, dead!, '1')).toBe(false);
      expect(await markDelivered(db, next!, '2')).toBe(true);
    });

    it('backs off from one second to five minutes', () => {
      expect([1, 2, 3, 9, 10, 60].map(deliveryBackoffMs)).toEqual([
        1000, 2000, 4000, 256_000, 300_000, 300_000,
      ]);
    });

    it('is not written when the outcome is not', async () => {
      const db = opened();
      const { run } = await insertTraining(db);
      await startTrainingAttempt(db, run.id);
      await expect(
        db.transaction(async (tx) => {
          await failTraining(tx, run.id, 1, { code: 'INTERNAL' });
          throw new Error('the process dies here');
        }),
      ).rejects.toThrow('dies here');
      expect((await getTrainingRun(db, run.id))?.status).toBe('running');
      expect(await db.$count(outboxDeliveries, eq(outboxDeliveries.refId, run.id))).toBe(0);
    });
  });
}
