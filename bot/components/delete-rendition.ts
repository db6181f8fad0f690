/** @file 🗑️ under pictures, and Delete under its question: for who asked for them, and for moderators. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { askToDeleteRendition, deleteRendition } from '../intake/delete-rendition.ts';
import { isModerator } from '../interactions/checks.ts';
import { answer, changeSource, deferAnswer, deferChange } from '../interactions/respond.ts';
import { deletePicturesQuestion, picturesDeleted } from '../views/rendition.ts';

const actorOf = (interaction: ButtonInteraction) => ({
  userId: interaction.user.id,
  moderatedGuildId: isModerator(interaction) ? interaction.guildId : null,
});

/** Asks first: on a phone the button is easily hit. */
export async function askToDelete(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const { rendition, published } = await askToDeleteRendition(bot, actorOf(interaction), rowId);
  await answer(interaction, deletePicturesQuestion(rendition, published));
}

/** Deletes the pictures, and the message that shows them. */
export async function deletePicturesNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  await deleteRendition(bot, actorOf(interaction), rowId);
  bot.tidy();
  await changeSource(interaction, picturesDeleted());
}
