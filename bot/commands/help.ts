/** @file `/help`: how to begin, every command, and some topics. */
import { SlashCommandBuilder } from 'discord.js';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { findTopic, helpPage, helpTopicPage, topicChoices } from '../views/help.ts';
import type { Command } from './command.ts';
import { offerAnywhere } from './places.ts';

export const help = {
  definition: offerAnywhere(new SlashCommandBuilder())
    .setName('help')
    .setDescription('How to begin, and what I can do')
    .addStringOption((option) =>
      option
        .setName('topic')
        .setDescription('More about one thing')
        .addChoices(...topicChoices),
    )
    .toJSON(),

  isAlwaysAllowed: true,

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const listed = await bot.listCommands();
    const topic = findTopic(interaction.options.getString('topic'));
    await answer(interaction, topic ? helpTopicPage(topic, listed) : helpPage(listed));
  },
} satisfies Command;
