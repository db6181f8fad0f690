/** @file Delete and Keep, under the question of `/subject delete`. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { deleteSubject } from '../intake/delete-subject.ts';
import { changeSource, deferChange } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { subjectDeleted, subjectKept } from '../views/subjects.ts';

/** Deletes the subject and all that was made of it. */
export async function deleteSubjectNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const deleted = await deleteSubject(bot, { subjectId: rowId, ownerId: interaction.user.id });
  if (!deleted) throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
  await changeSource(interaction, subjectDeleted(deleted));
}

/** Leaves everything as it is. */
export async function keepSubject(interaction: ButtonInteraction): Promise<void> {
  await deferChange(interaction);
  await changeSource(interaction, subjectKept());
}
