/** @file The queue on real servers, and what it does when they or a worker die. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from './client.ts';
import { trainSubject } from './jobs/train-subject.ts';
import { migrateDatabase } from './migrate.ts';
import { startTrainingAttempt } from './queries/training-attempts.ts';
import { getTrainingRun } from './queries/training-runs.ts';
import { type JobQueue, openQueue } from './queue.ts';
import { startSweep } from './sweep.ts';
import { type CrashChild, startCrashChild } from './testing/crash.ts';
import { describeQueue, eventually } from './testing/queue-suite.ts';
import { insertTraining } from './testing/rows.ts';
import {
  createTestDatabase,
  createTestPrefix,
  missingTestServices,
  startTestRedis,
  startTestServices,
  type TestServices,
} from './testing/services.ts';

const missing = missingTestServices();

describe.skipIf(missing !== undefined)(`with servers${missing ? ` (${missing})` : ''}`, () => {
  let services: TestServices;
  const drops: (() => Promise<void>)[] = [];
  const openOwnDatabase = async () => {
    const own = await createTestDatabase(services.postgresUrl);
    drops.push(own.drop);
    return { url: own.url, database: await openDatabase(own.url) };
  };

  beforeAll(async () => {
    services = await startTestServices();
  });
  afterAll(async () => {
    for (const drop of drops) await drop();
    await services?.stop();
  });

  describeQueue('Postgres', async () => ({ database: (await openOwnDatabase()).database }));
  describeQueue('Redis', async () => ({
    database: (await openOwnDatabase()).database,
    redisUrl: services.redisUrl,
    prefix: createTestPrefix(),
  }));

  describe('when something dies', () => {
    let database: Database;
    let databaseUrl: string;
    const children: CrashChild[] = [];
    const closers: (() => Promise<void>)[] = [];
    const errors: string[] = [];

    const open = async (redisUrl?: string, prefix?: string): Promise<JobQueue> => {
      const queue = await openQueue({
        database,
        redisUrl,
        ...(prefix === undefined ? {} : { prefix }),
        onError: (error, where) => errors.push(`${where}: ${error.message}`),
      });
      closers.push(() => queue.close());
      return queue;
    };

    beforeAll(async () => {
      const opened = await openOwnDatabase();
      database = opened.database;
      databaseUrl = opened.url;
      await migrateDatabase(database, { queue: true });
    });
    afterEach(async () => {
      for (const child of children.splice(0)) await child.kill();
      for (const close of closers.splice(0).reverse()) await close();
    });
    afterAll(() => database?.close());

    for (const backend of ['Redis', 'Postgres']) {
      it(`${backend}: the training of a killed worker starts in another, with the next attempt`, async () => {
        const redisUrl = backend === 'Redis' ? services.redisUrl : undefined;
        const prefix = createTestPrefix();
        const queue = await open(redisUrl, prefix);
        const { run } = await insertTraining(database.db);
        const start = async () => {
          const child = startCrashChild('work', databaseUrl, redisUrl ?? '-', prefix);
          children.push(child);
          return child;
        };
        const first = await start();
        await queue.enqueue(trainSubject, run.id, { priority: 1 });
        await eventually('it starts', () => first.lines.includes(`start ${run.id} 1`), 60_000);
        expect(await queue.hasWorker('train-subject')).toBe(true);
        await first.kill();
        const isGone = async () => !(await queue.hasWorker('train-subject'));
        await eventually('nobody is there', isGone, 5_000);
        const second = await start();
        await eventually('again', () => second.lines.includes(`start ${run.id} 2`), 60_000);
        expect((await getTrainingRun(database.db, run.id))?.attempt).toBe(2);
      });
    }

    it('Redis: while it is down, enqueueing says so in time, and the sweep makes up for it', async () => {
      const redis = await startTestRedis();
      closers.push(() => redis.stop());
      const queue = await open(redis.url);
      const started: string[] = [];
      queue.createWorker(trainSubject, async ({ rowId }) => {
        const start = await startTrainingAttempt(database.db, rowId);
        if (start.started) started.push(rowId);
        return null;
      });
      const before = await insertTraining(database.db);
      expect(await queue.enqueue(trainSubject, before.run.id, { priority: 1 })).toBe(true);
      await eventually('a job before the outage', () => started.includes(before.run.id));

      await redis.kill();
      const { run } = await insertTraining(database.db);
      const askedAt = Date.now();
      expect(await queue.enqueue(trainSubject, run.id, { priority: 1 })).toBe(false);
      expect(Date.now() - askedAt).toBeLessThan(6000);
      const stop = startSweep(database.db, queue, { intervalMs: 200, olderThanMs: 0 });
      closers.push(stop);
      await redis.restart();
      await eventually('the job after it', () => started.includes(run.id), 60_000);
      expect(await queue.hasWorker('train-subject')).toBe(true);
      expect(errors.length).toBeGreaterThan(0);
    });

    it('Redis: when it is down at start, workers wait for it', async () => {
      const redis = await startTestRedis();
      closers.push(() => redis.stop());
      await redis.kill();
      const queue = await open(redis.url);
      const { run } = await insertTraining(database.db);
      const started: string[] = [];
      queue.createWorker(trainSubject, async ({ rowId }) => {
        started.push(rowId);
        return null;
      });
      expect(await queue.enqueue(trainSubject, run.id, { priority: 1 })).toBe(false);
      await redis.restart();
      await eventually(
        'the queue takes jobs',
        () => queue.enqueue(trainSubject, run.id, { priority: 1 }),
        30_000,
      );
      await eventually('the worker takes them', () => started.includes(run.id), 30_000);
    });

    it('Postgres: when its connections are cut, workers listen again', async () => {
      const queue = await open();
      const started: string[] = [];
      queue.createWorker(trainSubject, async ({ rowId }) => {
        started.push(rowId);
        return null;
      });
      const first = await insertTraining(database.db);
      await queue.enqueue(trainSubject, first.run.id, { priority: 1 });
      await eventually('a job before', () => started.includes(first.run.id));
      // Written before the cut: a query of ours that meets a dying connection may fail.
      const { run } = await insertTraining(database.db);
      const other = await openDatabase(databaseUrl);
      await other.db.execute(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await other.close();
      await eventually('enqueueing works again', () =>
        queue.enqueue(trainSubject, run.id, { priority: 1 }),
      );
      await eventually('a job after', () => started.includes(run.id), 30_000);
      await eventually('the worker is known again', () => queue.hasWorker('train-subject'));
    });
  });
});
