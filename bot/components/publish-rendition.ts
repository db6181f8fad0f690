/** @file Publish, under a rendition's pictures: for the person who asked for them only. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { publishPicture } from '../intake/gallery.ts';
import { checkGuild } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { publishedAnswer } from '../views/gallery.ts';

/** Puts one picture into the server's gallery. */
export async function publishRendition(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId, index }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const published = await publishPicture(bot, {
    renditionId: rowId,
    pictureIndex: index ?? 0,
    guildId: checkGuild(interaction),
    userId: interaction.user.id,
  });
  await answer(interaction, publishedAnswer(published.outcome));
}
