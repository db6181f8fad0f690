/** @file The sweep: gives a job to every open row that lost, or never got, one. */
import type { Db } from './client.ts';
import { renderPrompt } from './jobs/render-prompt.ts';
import { trainSubject } from './jobs/train-subject.ts';
import { countOpenJobs } from './queries/open-jobs.ts';
import { listUnqueuedRenditions } from './queries/renditions.ts';
import { listUnqueuedTrainingRuns } from './queries/training-runs.ts';
import { type JobQueue, priorityFor } from './queue.ts';

/**
 * Enqueues open rows that have no job, at start and every few seconds.
 *
 * @param options.olderThanMs leaves alone rows whose own enqueue may still be under way
 * @returns how many jobs were added
 * @throws {Error} when the database or the queue cannot be reached
 */
export async function enqueueOpenRows(
  db: Db,
  queue: JobQueue,
  options: { olderThanMs?: number } = {},
): Promise<number> {
  let added = 0;
  const openJobs = new Map<string, number>();
  const priorityOf = async (userId: string) => {
    const total = openJobs.get(userId) ?? (await countOpenJobs(db, userId)).total;
    openJobs.set(userId, total);
    return priorityFor(total);
  };
  for (const { id, userId } of await listUnqueuedTrainingRuns(db, options)) {
    if (await queue.hasJob('train-subject', id)) continue;
    const priority = await priorityOf(userId);
    if (await queue.enqueue(trainSubject, id, { priority })) added += 1;
  }
  for (const { id, userId } of await listUnqueuedRenditions(db, options)) {
    if (await queue.hasJob('render-prompt', id)) continue;
    const priority = await priorityOf(userId);
    if (await queue.enqueue(renderPrompt, id, { priority })) added += 1;
  }
  return added;
}

/**
 * Sweeps at once and then again and again, until told to stop.
 *
 * @param options.onError hears of sweeps that failed; the next one tries again
 * @returns stops, after the sweep that runs
 */
export function startSweep(
  db: Db,
  queue: JobQueue,
  options: { intervalMs?: number; olderThanMs?: number; onError?: (error: Error) => void } = {},
): () => Promise<void> {
  const { intervalMs = 10_000, onError, ...which } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const sweep = async () => {
    try {
      await enqueueOpenRows(db, queue, which);
    } catch (error) {
      if (!stopped) onError?.(error as Error);
    }
    if (stopped) return;
    timer = setTimeout(() => {
      running = sweep();
    }, intervalMs);
    timer.unref();
  };
  let running = sweep();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
