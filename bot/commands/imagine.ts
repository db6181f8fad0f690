/** @file `/imagine`: renders a prompt with a subject in it. */
import {
  ApplicationIntegrationType,
  InteractionContextType,
  SlashCommandBuilder,
} from 'discord.js';
import { searchUsableSubjects } from '#db/queries/subject-search.ts';
import { requestRendition } from '../intake/request-rendition.ts';
import { askerOf, checkPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { renditionTaken } from '../views/rendition.ts';
import { subjectChoice } from '../views/subjects.ts';
import type { Command } from './command.ts';

export const imagine = {
  definition: new SlashCommandBuilder()
    .setName('imagine')
    .setDescription('Draw your subject anywhere')
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addStringOption((option) =>
      option
        .setName('prompt')
        .setDescription('What to draw, with [V] or [name] where your subject goes')
        .setRequired(true),
    )
    .addStringOption((option) =>
      option
        .setName('subject')
        .setDescription('Which subject [V] stands for')
        .setMaxLength(100)
        .setAutocomplete(true),
    )
    .addIntegerOption((option) =>
      option
        .setName('seed')
        .setDescription('The same seed draws the same picture')
        .setMinValue(0)
        .setMaxValue(2 ** 32 - 1),
    )
    .addIntegerOption((option) =>
      option
        .setName('count')
        .setDescription('How many pictures, 1 to 4')
        .setMinValue(1)
        .setMaxValue(4),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const place = checkPlace(interaction);
    const taken = await requestRendition(bot, {
      ...place,
      interactionId: interaction.id,
      prompt: interaction.options.getString('prompt', true),
      subject: interaction.options.getString('subject'),
      seed: interaction.options.getInteger('seed'),
      count: Math.min(4, Math.max(1, interaction.options.getInteger('count') ?? 1)),
    });
    await answer(interaction, renditionTaken(taken.count, taken.subject));
  },

  async autocomplete(interaction, bot) {
    const found = await searchUsableSubjects(bot.db, {
      ...askerOf(interaction),
      query: interaction.options.getFocused(),
    });
    return found.map(({ subject, access }) => subjectChoice(subject, access));
  },
} satisfies Command;
