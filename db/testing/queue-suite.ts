/** @file The queue tests, as one body that runs on PGlite, on Postgres and on Redis. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../client.ts';
import type { JobName } from '../jobs/index.ts';
import { renderPrompt } from '../jobs/render-prompt.ts';
import { trainSubject } from '../jobs/train-subject.ts';
import { migrateDatabase } from '../migrate.ts';
import { failTraining, startTrainingAttempt } from '../queries/training-attempts.ts';
import { requestCancelTraining } from '../queries/training-ends.ts';
import { getTrainingRun } from '../queries/training-runs.ts';
import {
  type JobQueue,
  lockDurationMs,
  openQueue,
  priorityFor,
  stalledIntervalMs,
} from '../queue.ts';
import { newId } from '../schema/columns.ts';
import { enqueueOpenRows, startSweep } from '../sweep.ts';
import { insertRendition, insertTraining } from './rows.ts';

/** Waits until the condition holds, and says so where it does not. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Declares the tests.
 *
 * @param open opens an empty database and names the Redis, if any; the suite migrates and closes it
 */
export function describeQueue(
  name: string,
  open: () => Promise<{ database: Database; redisUrl?: string; prefix?: string }>,
): void {
  describe(`the queue on ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    const queues: JobQueue[] = [];
    const errors: string[] = [];

    const openHere = async () => {
      const queue = await openQueue({
        ...opened,
        onError: (error, where) => errors.push(`${where}: ${error.message}`),
      });
      queues.push(queue);
      return queue;
    };

    beforeAll(async () => {
      opened = await open();
      await migrateDatabase(opened.database, { queue: opened.redisUrl === undefined });
    }, 120_000);
    afterEach(async () => {
      for (const queue of queues.splice(0)) await queue.close();
      errors.length = 0;
    });
    afterAll(() => opened?.database.close());

    it('hands a job to a waiting worker at once', async () => {
      const queue = await openHere();
      const taken = new Map<string, number>();
      queue.createWorker(trainSubject, async ({ rowId }) => {
        taken.set(rowId, Date.now());
        return null;
      });
      // Long enough for the worker to be asleep: only a notification can wake it in time.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const rowId = newId();
      const addedAt = Date.now();
      expect(await queue.enqueue(trainSubject, rowId, { priority: 1 })).toBe(true);
      await eventually('the job is taken', () => taken.has(rowId));
      expect((taken.get(rowId) ?? 0) - addedAt).toBeLessThan(2000);
      await eventually(
        'the job is gone',
        async () => !(await queue.hasJob('train-subject', rowId)),
      );
      expect(errors).toEqual([]);
    });

    it('runs a row once, however often it is added, and again when it is added afterwards', async () => {
      const queue = await openHere();
      const rowId = newId();
      let runs = 0;
      await Promise.all(
        Array.from({ length: 20 }, () => queue.enqueue(trainSubject, rowId, { priority: 1 })),
      );
      expect(await queue.countJobs('train-subject')).toEqual({ waiting: 1, active: 0 });
      queue.createWorker(trainSubject, async () => {
        runs += 1;
        return null;
      });
      const gone = async () => !(await queue.hasJob('train-subject', rowId));
      await eventually('the first run ends', gone);
      expect(runs).toBe(1);
      await queue.enqueue(trainSubject, rowId, { priority: 1 });
      await eventually('the second run ends', async () => runs === 2 && (await gone()));
    });

    it('refuses an id that is not a row id', async () => {
      const queue = await openHere();
      await expect(queue.enqueue(trainSubject, 'a cat', { priority: 1 })).rejects.toThrow(/UUID/i);
    });

    it('serves a user with fewer open jobs first', async () => {
      const queue = await openHere();
      const order: string[] = [];
      const busy = [newId(), newId(), newId()];
      const newcomer = newId();
      for (const [index, rowId] of busy.entries()) {
        await queue.enqueue(renderPrompt, rowId, { priority: priorityFor(index + 1) });
      }
      await queue.enqueue(renderPrompt, newcomer, { priority: priorityFor(1) });
      const listed = await queue.listJobs('render-prompt');
      queue.createWorker(renderPrompt, async ({ rowId }) => {
        order.push(rowId);
        return null;
      });
      await eventually('all are served', () => order.length === 4);
      expect(order).toEqual([busy[0], newcomer, busy[1], busy[2]]);
      expect(listed).toEqual(order);
    });

    it('renders while a training runs', async () => {
      const queue = await openHere();
      let rendered = false;
      let endTraining: (value: null) => void = () => undefined;
      let training = false;
      queue.createWorker(trainSubject, () => {
        training = true;
        return new Promise<null>((resolve) => {
          endTraining = resolve;
        });
      });
      queue.createWorker(renderPrompt, async () => {
        rendered = true;
        return null;
      });
      const running = newId();
      await queue.enqueue(trainSubject, running, { priority: 1 });
      await eventually('the training runs', () => training);
      expect(await queue.listJobs('train-subject')).toEqual([running]);
      await queue.enqueue(renderPrompt, newId(), { priority: 1 });
      await eventually('the rendering is done', () => rendered);
      endTraining(null);
    });

    it('knows whether a worker is there, busy or not', async () => {
      const queue = await openHere();
      const isThere = (name: JobName = 'train-subject') => queue.hasWorker(name);
      expect(await isThere()).toBe(false);
      let isBusy = false;
      const worker = queue.createWorker(trainSubject, () => {
        isBusy = true;
        return new Promise(() => undefined);
      });
      await eventually('the worker is there', () => isThere());
      expect(await isThere('render-prompt')).toBe(false);
      await queue.enqueue(trainSubject, newId(), { priority: 1 });
      await eventually('the job runs', () => isBusy);
      expect(await isThere()).toBe(true);
      await worker.close({ force: true });
      await eventually('the worker is gone', async () => !(await isThere()));
    });

    it('starts the job of a dead worker again, while its lock is short', async () => {
      const rowId = newId();
      const dead = await openHere();
      let stopped = false;
      let startedAt = 0;
      dead.createWorker(trainSubject, ({ signal }) => {
        startedAt = Date.now();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('stopped'));
          });
        });
      });
      await dead.enqueue(trainSubject, rowId, { priority: 1 });
      await eventually('the job runs', () => startedAt > 0);
      await dead.close();
      expect(stopped).toBe(true);

      const alive = await openHere();
      // The test before may have left a job whose worker died, too; either may come first.
      const again = new Set<string>();
      alive.createWorker(trainSubject, async (job) => {
        again.add(job.rowId);
        return null;
      });
      const closedAt = Date.now();
      await eventually('the job runs again', () => again.has(rowId));
      // Two stalled checks may be needed; the rest is a slow machine.
      const allowedMs = lockDurationMs + 2 * stalledIntervalMs + 2000;
      expect(Date.now() - closedAt).toBeLessThan(allowedMs);
    });

    it('reports a processor that throws, and keeps its row for the sweep', async () => {
      const queue = await openHere();
      const { run } = await insertTraining(opened.database.db);
      let runs = 0;
      queue.createWorker(trainSubject, async ({ rowId }) => {
        const start = await startTrainingAttempt(opened.database.db, rowId);
        if (!start.started) return null;
        runs += 1;
        if (runs === 1) throw new Error('the disk is full');
        await failTraining(opened.database.db, rowId, start.attempt, { code: 'DISK_FULL' });
        return null;
      });
      await queue.enqueue(trainSubject, run.id, { priority: 1 });
      await eventually('the failure is heard of', () => errors.length > 0);
      expect(errors).toEqual([`job train-subject ${run.id}: the disk is full`]);
      await eventually('the sweep brings it back', async () => {
        await enqueueOpenRows(opened.database.db, queue, { olderThanMs: 0 });
        return runs === 2;
      });
      await eventually('the row ends', async () => {
        return (await getTrainingRun(opened.database.db, run.id))?.status === 'failed';
      });
      expect((await getTrainingRun(opened.database.db, run.id))?.attempt).toBe(2);
    });

    it('is swept: rows without a job get one, others are left alone', async () => {
      const { db } = opened.database;
      const queue = await openHere();
      const { run } = await insertTraining(db);
      const rendition = await insertRendition(db, { userId: run.userId });
      const cancelled = await insertTraining(db);
      await requestCancelTraining(db, cancelled.run.id, cancelled.run.userId);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const stop = startSweep(db, queue, { intervalMs: 50, olderThanMs: 0 });
      await eventually('both have jobs', async () => {
        return (
          (await queue.hasJob('train-subject', run.id)) &&
          (await queue.hasJob('render-prompt', rendition.id))
        );
      });
      await stop();
      expect(await queue.hasJob('train-subject', cancelled.run.id)).toBe(false);
      expect(await enqueueOpenRows(db, queue, { olderThanMs: 0 })).toBe(0);
      expect(await enqueueOpenRows(db, queue, { olderThanMs: 60_000 })).toBe(0);
    });

    it('shares the database with transactions', async () => {
      const { db } = opened.database;
      const queue = await openHere();
      const done = new Set<string>();
      queue.createWorker(
        renderPrompt,
        async ({ rowId, reportProgress }) => {
          await db.transaction(async (tx) => {
            await insertRendition(tx);
            await new Promise((resolve) => setTimeout(resolve, 5));
          });
          await reportProgress({ stage: 'rendering', step: 1, totalSteps: 1, secondsLeft: 0 });
          done.add(rowId);
          return null;
        },
        { concurrency: 4 },
      );
      const rowIds = Array.from({ length: 40 }, newId);
      await Promise.all(rowIds.map((id) => queue.enqueue(renderPrompt, id, { priority: 1 })));
      await eventually('all are done', () => rowIds.every((id) => done.has(id)), 40_000);
      expect(errors).toEqual([]);
    });

    it('closes twice, and while a worker waits', async () => {
      const queue = await openHere();
      const worker = queue.createWorker(trainSubject, async () => null);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await worker.close();
      queue.createWorker(renderPrompt, async () => null);
      await Promise.all([queue.close(), queue.close()]);
      expect(errors).toEqual([]);
    });
  });
}
