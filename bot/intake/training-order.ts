/** @file In which order trainings will be served. */
import type { BotContext } from '../context.ts';

/**
 * A cancelled training's job stays in the queue until a worker looks at it: only open ones count.
 *
 * @param openIds runs that are not over
 * @returns ids of runs, those that run first; undefined where the queue cannot be reached
 */
export async function readTrainingOrder(
  { queue, logger }: Pick<BotContext, 'queue' | 'logger'>,
  openIds: readonly string[],
): Promise<readonly string[] | undefined> {
  try {
    const isOpen = new Set(openIds);
    return (await queue.listJobs('train-subject')).filter((id) => isOpen.has(id));
  } catch (error) {
    logger.warn({ err: error }, 'places in the queue are not known');
    return undefined;
  }
}
