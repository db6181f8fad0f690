/** @file Offers subjects while one types the name of one. */
import { searchOwnSubjects, searchUsableSubjects } from '#db/queries/subject-search.ts';
import { askerOf } from '../interactions/checks.ts';
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

/** The autocomplete of options that take any subject one may draw, shared ones included. */
export const completeUsableSubject: NonNullable<Command['autocomplete']> = async (
  interaction,
  bot,
) => {
  const found = await searchUsableSubjects(bot.db, {
    ...askerOf(interaction),
    query: interaction.options.getFocused(),
  });
  return found.map(({ subject, access }) => subjectChoice(subject, access));
};
