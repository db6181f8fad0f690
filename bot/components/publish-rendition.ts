/** @file Publish, under a rendition's pictures: for the person who asked for them only. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { publishPicture } from '../intake/gallery.ts';
import { checkGuild, checkPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';

/** Puts one picture into the server's gallery. */
export async function publishRendition(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId, index }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const guildId = checkGuild(interaction);
  const { userId, channelId } = await checkPlace(interaction, bot.db);
  const picture = { renditionId: rowId, pictureIndex: index ?? 0 };
  await answer(interaction, await publishPicture(bot, { ...picture, guildId, channelId, userId }));
}
