/** @file ℹ️ under pictures: what they were made with, for whoever sees them. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { readRenditionInfo } from '../intake/rendition-info.ts';
import { viewerOf } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';

/** Shows the parameters. */
export async function showRenditionInfo(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  await answer(interaction, await readRenditionInfo(bot, viewerOf(interaction), rowId));
}
