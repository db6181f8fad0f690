/** @file The menu of topics under `/help`. */
import type { StringSelectMenuInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import { changeSource, deferChange } from '../interactions/respond.ts';
import { findTopic, helpPage, helpTopicPage } from '../views/help.ts';

/** Shows the page of the topic that was chosen. */
export async function showHelpTopic(
  interaction: StringSelectMenuInteraction,
  bot: BotContext,
): Promise<void> {
  await deferChange(interaction);
  const listed = await bot.listCommands();
  const topic = findTopic(interaction.values[0]);
  await changeSource(interaction, topic ? helpTopicPage(topic, listed) : helpPage(listed));
}
