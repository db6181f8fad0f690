/** @file The menu under the question which subject `[V]` stands for: its asker only sees it, and only their draft counts. */
import type { StringSelectMenuInteraction } from 'discord.js';
import { deleteDraft, findDraft } from '#db/queries/rendition-drafts.ts';
import type { BotContext } from '../context.ts';
import type { SelectTarget } from '../custom-ids.ts';
import { requestRendition } from '../intake/request-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { changeSource, deferChange } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { renditionAnswer } from '../views/rendition.ts';

/** Draws what was asked for, with the subject that was chosen. */
export async function chooseSubject(
  interaction: StringSelectMenuInteraction,
  bot: BotContext,
  { rowId }: SelectTarget,
): Promise<void> {
  await deferChange(interaction);
  const place = await findPlace(interaction, bot.db);
  const userId = interaction.user.id;
  const wish = await findDraft(bot.db, { draftId: rowId, userId });
  if (!wish) throw new UserError('DRAFT_GONE', refusals.draftGone());
  const requested = await requestRendition(bot, {
    ...place,
    wish,
    subject: interaction.values[0] ?? '',
  });
  // Its start picture belongs to the rendition now.
  await deleteDraft(bot.db, rowId);
  await changeSource(interaction, renditionAnswer(requested, place.askedInId));
}
