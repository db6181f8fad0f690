/** @file Older and Newer, under a page of a gallery. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { readGalleryPage } from '../intake/gallery.ts';
import { checkGuild } from '../interactions/checks.ts';
import { changeSource, deferChange } from '../interactions/respond.ts';

/** Shows the page before or after the post that the button names. */
export async function turnGalleryPage(
  interaction: ButtonInteraction,
  bot: BotContext,
  { action, rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const cursor = action === 'gallery-older' ? { before: rowId } : { after: rowId };
  await changeSource(interaction, await readGalleryPage(bot, checkGuild(interaction), cursor));
}
