/** @file The queue between the bot and the worker: BullMQ on Redis, or on the database where there is no Redis. */
import {
  createPostgresBackend,
  type PgPool,
  Queue,
  UnrecoverableError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import type { Database } from './client.ts';
import type { JobPayload } from './jobs/contract.ts';
import {
  type JobName,
  type JobOf,
  type JobProgressOf,
  type JobResult,
  jobNames,
} from './jobs/index.ts';
import { queueSchema } from './migrate.ts';
import { createPglitePool } from './pglite-pool.ts';

/** A job while it runs. */
export interface RunningJob<Name extends JobName> {
  /** Id of the row that says what to do. */
  readonly rowId: string;
  /** Aborts when the worker closes by force: stop, write nothing more. */
  readonly signal: AbortSignal;
  /** For operators who look at the queue; what users see is the progress in the row. */
  reportProgress(progress: JobProgressOf<Name>): Promise<void>;
}

/**
 * Does one job. It reads the row, takes an attempt number and writes the outcome to the row; null says
 * that the row ended without a result. A throw is a bug or an outage: the sweep will start the row again.
 */
export type JobProcessor<Name extends JobName> = (
  job: RunningJob<Name>,
) => Promise<JobResult<Name> | null>;

/** A running worker. */
export interface JobWorker {
  /**
   * Stops taking jobs.
   *
   * @param options.force does not wait for running jobs; they start again elsewhere when their lock ends
   */
  close(options?: { force?: boolean }): Promise<void>;
}

/** An open queue. */
export interface JobQueue {
  /**
   * Adds a job for a row. Adding one that exists does nothing.
   *
   * @param options.priority 1 is served first; see {@link priorityFor}
   * @returns false where the queue cannot be reached: the row is safe and the sweep enqueues it later
   */
  enqueue<Name extends JobName>(
    contract: JobOf<Name> & { readonly name: Name },
    rowId: string,
    options: { priority: number },
  ): Promise<boolean>;
  /**
   * Whether a job for the row waits or runs.
   *
   * @throws {Error} when the queue cannot be reached
   */
  hasJob(name: JobName, rowId: string): Promise<boolean>;
  /**
   * Ids of the rows whose jobs run, and then of those that wait, in the order in which they will be served.
   *
   * @throws {Error} when the queue cannot be reached
   */
  listJobs(name: JobName): Promise<string[]>;
  /**
   * Whether a worker takes such jobs now. One that died is seen to be gone when its connection ends.
   *
   * @throws {Error} when the queue cannot be reached
   */
  hasWorker(name: JobName): Promise<boolean>;
  /** How many jobs wait and run. */
  countJobs(name: JobName): Promise<{ waiting: number; active: number }>;
  /** Starts taking jobs of one kind. */
  createWorker<Name extends JobName>(
    contract: JobOf<Name> & { readonly name: Name },
    processor: JobProcessor<Name>,
    options?: { concurrency?: number },
  ): JobWorker;
  /** Closes workers (by force), queues and connections; not the database. Safe to call twice. */
  close(): Promise<void>;
}

/** What {@link openQueue} needs. */
export interface QueueOptions {
  /** Absent: the queue is in the database, which `migrateDatabase(…, { queue: true })` prepared. */
  readonly redisUrl?: string | undefined;
  readonly database: Database;
  /** Parts deployments, or tests, that share a Redis. */
  readonly prefix?: string;
  /** Hears of outages and failed jobs; nothing is thrown for them. */
  readonly onError?: (error: Error, where: string) => void;
}

/** A crashed worker's job starts again after at most the sum of these two. */
export const lockDurationMs = 5_000;
/** See {@link lockDurationMs}. */
export const stalledIntervalMs = 2_500;

/** How long a call waits for a queue that does not answer. */
const answerTimeoutMs = 5_000;

const workerOptions = {
  lockDuration: lockDurationMs,
  stalledInterval: stalledIntervalMs,
  // A restart is not a failure; attempts are counted, and bounded, in the row.
  maxStalledCount: 1_000_000,
  runRetryDelay: 1_000,
} satisfies Partial<WorkerOptions>;

/** Settles never. */
const never = new Promise<never>(() => undefined);

/** A job leaves nothing behind, so that its id is free should the sweep need it again. */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

/** The part of BullMQ that differs between Redis and Postgres. */
interface Backend {
  queue(name: JobName): Queue<JobPayload>;
  worker(
    name: JobName,
    processor: ConstructorParameters<typeof Worker<JobPayload>>[1],
    options: { concurrency: number },
  ): Worker<JobPayload>;
  /** Whether other processes may take its jobs. Their connections bear the name of what they take. */
  readonly isShared: boolean;
  close(): Promise<void>;
}

/**
 * A user's next job comes after those of users who have fewer open.
 *
 * @param openJobs how many the user has open, this one included
 * @returns 1 (first) to 2,097,152, BullMQ's range
 */
export function priorityFor(openJobs: number): number {
  return Math.min(Math.max(1, Math.trunc(openJobs)), 2_097_152);
}

/** Opens the queue. An unreachable Redis is no error here: enqueueing says so, workers wait for it. */
export async function openQueue(options: QueueOptions): Promise<JobQueue> {
  const report = (where: string) => (error: Error) => options.onError?.(error, where);
  const backend = options.redisUrl
    ? openRedisBackend(options.redisUrl, options.prefix ?? 'rendition', report('redis'))
    : await openDatabaseBackend(options.database, report('queue database'));
  const queues = new Map<JobName, Queue<JobPayload>>();
  for (const name of jobNames) {
    const queue = backend.queue(name);
    queue.on('error', report(`queue ${name}`));
    queues.set(name, queue);
  }
  const queueOf = (name: JobName) => {
    const queue = queues.get(name);
    if (!queue) throw new Error(`queue: no job is called ${name}`);
    return queue;
  };
  const workers = new Map<JobWorker, JobName>();
  let closing: Promise<void> | undefined;

  return {
    async enqueue(contract, rowId, { priority }) {
      const payload = contract.payload.parse({ rowId });
      try {
        await withTimeout(
          queueOf(contract.name).add(contract.name, payload, {
            ...jobOptions,
            jobId: rowId,
            priority,
          }),
          answerTimeoutMs,
        );
        return true;
      } catch (error) {
        report(`enqueue ${contract.name}`)(error as Error);
        return false;
      }
    },

    async hasJob(name, rowId) {
      const job = await withTimeout(queueOf(name).getJob(rowId), answerTimeoutMs);
      return job !== undefined;
    },

    async listJobs(name) {
      const queue = queueOf(name);
      const [running, waiting] = await withTimeout(
        Promise.all([
          queue.getRanges(['active'], 0, -1, true),
          queue.getRanges(['waiting', 'prioritized'], 0, -1, true),
        ]),
        answerTimeoutMs,
      );
      return [...running, ...waiting];
    },

    async hasWorker(name) {
      if (!backend.isShared) return [...workers.values()].includes(name);
      return (await withTimeout(queueOf(name).getWorkersCount(), answerTimeoutMs)) > 0;
    },

    async countJobs(name) {
      const counts = await withTimeout(
        queueOf(name).getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
        answerTimeoutMs,
      );
      return {
        waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0) + (counts.delayed ?? 0),
        active: counts.active ?? 0,
      };
    },

    createWorker(contract, processor, { concurrency = 1 } = {}) {
      const stop = new AbortController();
      const worker = backend.worker(
        contract.name,
        async (job) => {
          const payload = contract.payload.safeParse(job.data);
          if (!payload.success) {
            throw new UnrecoverableError(
              `${contract.name}: malformed payload: ${payload.error.message}`,
            );
          }
          try {
            return await processor({
              rowId: payload.data.rowId,
              signal: stop.signal,
              reportProgress: (progress) => job.updateProgress(progress as object),
            });
          } finally {
            // Told to stop: the job must neither complete nor fail, so that it starts again elsewhere.
            if (stop.signal.aborted) await never;
          }
        },
        { concurrency },
      );
      const onError = report(`worker ${contract.name}`);
      worker.on('error', onError);
      worker.on('failed', (job, error) => report(`job ${contract.name} ${job?.id ?? ''}`)(error));
      const handle: JobWorker = {
        async close({ force = false } = {}) {
          workers.delete(handle);
          if (force) {
            stop.abort();
            // It may lose its connection while it still connects: no news. Without any listener it would throw.
            worker.off('error', onError).on('error', () => undefined);
          }
          await worker.close(force);
        },
      };
      workers.set(handle, contract.name);
      return handle;
    },

    close() {
      closing ??= (async () => {
        await Promise.all([...workers.keys()].map((worker) => worker.close({ force: true })));
        await Promise.all([...queues.values()].map((queue) => queue.close()));
        await backend.close();
      })();
      return closing;
    },
  };
}

function openRedisBackend(url: string, prefix: string, onError: (error: Error) => void): Backend {
  const connections = new Set<Redis>();
  const connect = (options: Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest'>) => {
    const connection = new Redis(url, options);
    connection.on('error', onError);
    connections.add(connection);
    return connection;
  };
  // A producer answers a user: it fails at once. A worker has time: it retries for ever.
  const producer = connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  return {
    queue: (name) => new Queue<JobPayload>(name, { connection: producer, prefix }),
    worker: (name, processor, { concurrency }) =>
      new Worker<JobPayload>(name, processor, {
        ...workerOptions,
        connection: connect({ maxRetriesPerRequest: null }),
        prefix,
        concurrency,
      }),
    isShared: true,
    async close() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

async function openDatabaseBackend(
  { driver }: Database,
  onError: (error: Error) => void,
): Promise<Backend> {
  let pool: PgPool;
  if (driver.kind === 'pglite') {
    // One session serves both: our tables first, so that none of BullMQ's can hide one of them.
    await driver.pglite.exec(`set search_path to public, ${queueSchema}`);
    pool = createPglitePool(driver.pglite);
  } else {
    const connections = new pg.Pool({
      connectionString: driver.url,
      options: `-c search_path=${queueSchema}`,
      keepAlive: true,
      // Each worker keeps one for LISTEN.
      max: jobNames.length + 6,
    });
    pool = connections as unknown as PgPool;
  }
  pool.on('error', onError);
  const connection = pool;
  return {
    queue: (name) =>
      new Queue(name, { connection }, createPostgresBackend) as unknown as Queue<JobPayload>,
    worker: (name, processor, { concurrency }) =>
      new Worker(
        name,
        processor,
        { ...workerOptions, connection, concurrency },
        createPostgresBackend,
      ) as unknown as Worker<JobPayload>,
    isShared: driver.kind !== 'pglite',
    close: () => pool.end(),
  };
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  });
  // Whichever loses the race must not become an unhandled rejection.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
