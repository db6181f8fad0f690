/** @file How many trainings a user may have under way. */
import { countOpenJobs } from '#db/queries/open-jobs.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';

const MAX_OPEN_TRAININGS = 5;

/**
 * @returns how many jobs of any kind the user has under way, from which the next one's priority follows
 * @throws {UserError} when another training would be too many
 */
export async function countOpenTrainings(
  { db }: Pick<BotContext, 'db'>,
  userId: string,
): Promise<number> {
  const open = await countOpenJobs(db, userId);
  if (open.trainings >= MAX_OPEN_TRAININGS) {
    throw new UserError('TOO_MANY_TRAININGS', refusals.tooManyTrainings(open.trainings));
  }
  return open.total;
}
