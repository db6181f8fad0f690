/** @file `/imagine`: renders a prompt with a subject in it. */
import { SlashCommandBuilder } from 'discord.js';
import { withOwnDefaults } from '../intake/own-defaults.ts';
import { requestRendition } from '../intake/request-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { renditionAnswer } from '../views/rendition.ts';
import type { Command } from './command.ts';
import { completeUsableSubject } from './complete-subject.ts';
import { offerAnywhere } from './places.ts';
import { addRenditionOptions, readRenditionOptions } from './rendition-options.ts';

const builder = offerAnywhere(new SlashCommandBuilder())
  .setName('imagine')
  .setDescription('Draw your subject anywhere')
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
  );
addRenditionOptions(builder);

export const imagine = {
  definition: builder.toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const place = await findPlace(interaction, bot.db);
    const { options } = interaction;
    const { wish, picture } = readRenditionOptions(interaction, options.getString('prompt', true));
    const requested = await requestRendition(bot, {
      ...place,
      subject: options.getString('subject'),
      wish: await withOwnDefaults(bot, place.userId, wish),
      picture,
    });
    await answer(interaction, renditionAnswer(requested, place.askedInId));
  },

  autocomplete: completeUsableSubject,
} satisfies Command;
