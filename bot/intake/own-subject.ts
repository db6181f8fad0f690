/** @file Finds a subject that its owner named or chose, to manage it. */
import { findOwnSubjectByName } from '#db/queries/shares.ts';
import { getSubject } from '#db/queries/subjects.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @param chosen an id where it was chosen from the list, a name where it was typed
 * @throws {UserError} where the user has no such subject, whether or not somebody else has
 */
export async function findOwnSubject(
  bot: Pick<BotContext, 'db'>,
  ownerId: string,
  chosen: string,
): Promise<Subject> {
  const found = UUID.test(chosen)
    ? await getSubject(bot.db, chosen)
    : await findOwnSubjectByName(bot.db, ownerId, oneLine(chosen));
  if (found?.ownerId !== ownerId)
    throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
  return found;
}
