/** @file Whether anybody is there to do the work. */
import type { JobName } from '#db/jobs/index.ts';
import type { BotContext } from '../context.ts';

/** @returns false where no worker takes such jobs now; true where one does, or nobody can tell */
export async function isServed(
  { queue, logger }: Pick<BotContext, 'queue' | 'logger'>,
  name: JobName,
): Promise<boolean> {
  try {
    return await queue.hasWorker(name);
  } catch (error) {
    logger.warn({ err: error }, 'workers are not known');
    return true;
  }
}
