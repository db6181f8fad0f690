/** @file Offers a user's own subjects while they type the name of one. */
import { searchOwnSubjects } from '#db/queries/subject-search.ts';
import { subjectChoice } from '../views/subjects.ts';
import type { Command } from './command.ts';

/** The autocomplete of commands that manage one's own subjects. */
export const completeOwnSubject: NonNullable<Command['autocomplete']> = async (
  interaction,
  bot,
) => {
  const subjects = await searchOwnSubjects(bot.db, {
    ownerId: interaction.user.id,
    query: interaction.options.getFocused(),
  });
  return subjects.map((found) => subjectChoice(found));
};
