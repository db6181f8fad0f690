/** @file Starts the worker inside any process: the demo's, the tests' or its own (main.ts). */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database, Db } from '#db/client.ts';
import type { JobName } from '#db/jobs/index.ts';
import { renderPrompt } from '#db/jobs/render-prompt.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { getRendition } from '#db/queries/renditions.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import type { JobProcessor, JobQueue } from '#db/queue.ts';
import { isTerminal } from '#db/schema/status.ts';
import { startSweep } from '#db/sweep.ts';
import type { MasterKey } from '#storage/keys.ts';
import type { Store } from '#storage/store.ts';
import type { WorkerSettings } from './config.ts';
import { openBase, readBaseFacts } from './dreambooth/base-checkpoint.ts';
import { createEngine, type Engine } from './engine/client.ts';
import { createProcessors } from './processors/index.ts';
import { removeEndedRunFolders } from './processors/run-folder.ts';

/** What {@link startWorker} needs. Whoever opened these closes them, after the worker. */
export interface WorkerOptions {
  /** Migrated. */
  readonly database: Database;
  readonly queue: JobQueue;
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly config: WorkerSettings;
  readonly logger: Logger;
}

/** A running worker. */
export interface RunningWorker {
  readonly engine: Engine;
  /**
   * Stops between two steps. Rows stay as they are: the next start takes them up at their last checkpoint.
   * Safe to call twice.
   */
  close(): Promise<void>;
}

/** A base that may not be used as the deployment stands. */
export class UnsafeBaseError extends Error {
  override readonly name = 'UnsafeBaseError';
}

/** In pocket's folder only: a base that cannot draw anything that needs a classifier. */
const POCKET_MARKER = 'pocket.json';
/** The engine's own grace, and time for the files. */
const CLOSE_GRACE_MS = 40_000;

/**
 * Starts taking jobs, one training and one rendering at a time.
 *
 * @throws {UnsafeBaseError} when the base needs an output classifier and nobody acknowledged that there is none
 * @throws {EngineRequestError} `BASE_MISSING` when the base is no checkpoint, `SETTINGS_UNSUPPORTED` when its
 *   recommendations cannot be followed
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { database, queue, config, logger } = options;
  requireSafeBase(config);
  const facts = readBaseFacts(config.baseCheckpointDir);
  const base = { ...facts, ...pictureSizesOf(config.baseCheckpointDir) };
  await removeEndedRunFolders(config.workDir, (rowId) => hasEnded(database.db, rowId));

  const engine = createEngine({ logger });
  const processors = createProcessors({ ...options, engine, base });
  const running = new Set<Promise<unknown>>();
  const tracked =
    <Name extends JobName>(processor: JobProcessor<Name>): JobProcessor<Name> =>
    (job) => {
      const work = processor(job);
      const settled = work.catch(() => undefined);
      running.add(settled);
      settled.finally(() => running.delete(settled));
      return work;
    };
  const workers = [
    queue.createWorker(trainSubject, tracked(processors['train-subject'])),
    queue.createWorker(renderPrompt, tracked(processors['render-prompt'])),
  ];
  const stopSweep = startSweep(database.db, queue, {
    onError: (error) => logger.warn({ err: error }, 'sweep'),
  });
  logger.info({ base: base.hash, provider: config.executionProvider }, 'worker started');

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await stopSweep();
    await Promise.all(workers.map((worker) => worker.close({ force: true })));
    const grace = new AbortController();
    await Promise.race([
      Promise.all(running),
      sleep(CLOSE_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    await engine.close();
    logger.info('worker stopped');
  };
  return {
    engine,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** @throws {UnsafeBaseError} as {@link startWorker}; a base that is not there yet is not pocket */
export function requireSafeBase(config: WorkerSettings): void {
  const isPocket = existsSync(path.join(config.baseCheckpointDir, POCKET_MARKER));
  if (isPocket || config.acknowledgeNoOutputClassifier) return;
  throw new UnsafeBaseError(
    'this base can draw anything, and no output classifier is configured that would look at its pictures ' +
      'before they are posted. To run it all the same, set ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER=true',
  );
}

/** Latents are smaller by two for each level of the autoencoder but the first; so are the UNet's levels. */
function pictureSizesOf(baseCheckpointDir: string): { size: number; sideStep: number } {
  const { unet, vae } = openBase(baseCheckpointDir);
  const size = unet.config.sample_size ?? 64;
  const latent = typeof size === 'number' ? size : (size[0] ?? 64);
  const factor = 2 ** (vae.config.block_out_channels.length - 1);
  const sideStep = factor * 2 ** (unet.config.block_out_channels.length - 1);
  return { size: latent * factor, sideStep };
}

async function hasEnded(db: Db, rowId: string): Promise<boolean> {
  const row = (await getTrainingRun(db, rowId)) ?? (await getRendition(db, rowId));
  return !row || isTerminal(row.status);
}
