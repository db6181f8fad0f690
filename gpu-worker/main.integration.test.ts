import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '#db/client.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import { type JobQueue, openQueue } from '#db/queue.ts';
import { isTerminal } from '#db/schema/status.ts';
import {
  createTestDatabase,
  missingTestServices,
  startTestRedis,
  startTestServices,
  type TestServices,
} from '#db/testing/services.ts';
import { prepareWorker, type WorkerHarness } from './testing/worker-harness.ts';

const reason = missingTestServices();
const timeout = 500_000;

/** A worker as `npm run start:worker` starts it, logging at debug. */
interface WorkerProcess {
  readonly child: ChildProcess;
  readonly logs: readonly Record<string, unknown>[];
  readonly output: () => string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function startProcess(
  environment: Record<string, string>,
  [script = '', ...args]: readonly string[] = ['main.ts'],
): WorkerProcess {
  const file = path.join(import.meta.dirname, script);
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'debug', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: Record<string, unknown>[] = [];
  let output = '';
  let rest = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  child.stdout.on('data', (chunk) => {
    output += chunk;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    logs.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    logs,
    output: () => output,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the worker embedded with PGlite', { timeout }, () => {
  it('ends a training once, though the whole process was killed in the middle', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'worker-embedded-'));
    const start = (...args: string[]) =>
      startProcess({}, ['testing/embedded-worker.ts', folder, ...args]);
    interface Row {
      status: string;
      attempt: number;
      progress: { stage: string; step: number } | null;
      deliveries: number;
    }
    const rowWhere = async (worker: WorkerProcess, matches: (row: Row) => boolean) => {
      const rows = () => worker.logs.filter(({ msg }) => msg === 'row') as unknown as Row[];
      await expect.poll(() => rows().some(matches), { timeout, interval: 100 }).toBe(true);
      return rows().findLast(matches);
    };
    const first = start();
    let second: WorkerProcess | undefined;
    try {
      await rowWhere(first, ({ progress }) => progress?.stage === 'training' && progress.step > 2);
      await first.end('SIGKILL');
      const { runId } = first.logs.find(({ msg }) => msg === 'enqueued') ?? {};
      second = start(String(runId));
      const ended = await rowWhere(second, ({ status }) => status !== 'running');
      expect(ended).toMatchObject({ status: 'succeeded', attempt: 2, deliveries: 1 });
      const ready = second.logs.find(({ msg }) => msg === 'training: weights are ready');
      expect(ready).toMatchObject({ steps: 80, classImagesMade: 0 });
      expect(ready?.resumedFromStep).toBeGreaterThanOrEqual(2);
    } finally {
      await first.end('SIGKILL');
      await second?.end('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(reason !== undefined)(
  `the worker process (${reason ?? 'ready'})`,
  { timeout },
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'worker-process-'));
    const workers: WorkerProcess[] = [];
    let services: TestServices;
    let redis: Awaited<ReturnType<typeof startTestRedis>>;
    let testDatabase: Awaited<ReturnType<typeof createTestDatabase>>;
    let database: Database;
    let queue: JobQueue;
    let harness: WorkerHarness;

    beforeAll(async () => {
      services = await startTestServices();
      // The worker has no setting for a queue prefix, so it gets a Redis of its own.
      redis = await startTestRedis();
      testDatabase = await createTestDatabase(services.postgresUrl);
      database = await openDatabase(testDatabase.url);
      await migrateDatabase(database, { queue: false });
      queue = await openQueue({ database, redisUrl: redis.url });
      harness = await prepareWorker(folder, database);
    }, timeout);

    afterAll(async () => {
      for (const worker of workers) await worker.end('SIGKILL');
      await queue?.close();
      await database?.close();
      await testDatabase?.drop();
      await redis?.stop();
      await services?.stop();
      rmSync(folder, { recursive: true });
    }, timeout);

    function start(changes: Record<string, string> = {}): WorkerProcess {
      const worker = startProcess({
        DATABASE_URL: testDatabase.url,
        REDIS_URL: redis.url,
        FILES_DIR: harness.filesDir,
        FILES_KEY: harness.filesKey,
        BASE_CHECKPOINT: harness.config.baseCheckpointDir,
        WORK_DIR: harness.config.workDir,
        ...changes,
      });
      workers.push(worker);
      return worker;
    }

    async function eventually<T>(
      what: string,
      worker: WorkerProcess,
      probe: () => Promise<T | undefined>,
    ): Promise<T> {
      for (let waitedMs = 0; waitedMs < timeout; waitedMs += 100) {
        const found = await probe();
        if (found !== undefined) return found;
        if (worker.child.exitCode !== null) break;
        await sleep(100);
      }
      throw new Error(`not in time: ${what}\n${worker.output().slice(-3000)}`);
    }

    it('says what is wrong with its environment, without values, and exits 1', async () => {
      const worker = start({ DATABASE_URL: 'pglite:///secret', FILES_KEY: 'secret' });
      const code = await new Promise((resolve) => worker.child.once('close', resolve));
      expect(code).toBe(1);
      expect(worker.output()).toContain('DATABASE_URL: PGlite lives in one process');
      expect(worker.output()).toContain('FILES_KEY: must be 32 bytes in base64');
      expect(worker.output()).not.toContain('secret');
    });

    it('ends a training once, though it was killed, and another one terminated, in the middle', async () => {
      const { run } = await harness.insertTraining({ maxTrainSteps: 80, samplePrompts: ['a [V]'] });
      await queue.enqueue(trainSubject, run.id, { priority: 1 });
      const reachStep = (worker: WorkerProcess, step: number, attempt: number) =>
        eventually(`step ${step}`, worker, async () => {
          const row = await getTrainingRun(database.db, run.id);
          const progress = row?.attempt === attempt ? row.progress : null;
          return progress?.stage === 'training' && progress.step >= step ? true : undefined;
        });

      const first = start();
      await reachStep(first, 3, 1);
      const enginePid = first.logs.find(({ msg }) => msg === 'engine started')?.enginePid;
      await first.end('SIGKILL');
      await expect.poll(() => isAlive(Number(enginePid)), { timeout: 20_000 }).toBe(false);
      expect(await getTrainingRun(database.db, run.id)).toMatchObject({ status: 'running' });

      const second = start();
      await reachStep(second, 5, 2);
      expect(await second.end('SIGTERM')).toBe(0);
      expect(await getTrainingRun(database.db, run.id)).toMatchObject({ status: 'running' });
      expect(await harness.deliveries(run.id)).toEqual([]);

      const third = start();
      const row = await eventually('the training ends', third, async () => {
        const found = await getTrainingRun(database.db, run.id);
        return found && isTerminal(found.status) ? found : undefined;
      });
      expect(row).toMatchObject({ status: 'succeeded', attempt: 3 });
      expect(await harness.deliveries(run.id)).toHaveLength(1);
      await expect
        .poll(() => third.logs.find(({ msg }) => msg === 'training: weights are ready'))
        .toMatchObject({ steps: 80, classImagesMade: 0 });
      const ready = third.logs.find(({ msg }) => msg === 'training: weights are ready');
      expect(ready?.resumedFromStep).toBeGreaterThanOrEqual(4);
      expect(await third.end('SIGTERM')).toBe(0);
    });
  },
);
