/** @file `/vary`: draws from a picture of the user's. */
import { SlashCommandBuilder } from 'discord.js';
import { varyPicture } from '../intake/rerun-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { optionRanges } from '../rendition-limits.ts';
import { renditionAnswer } from '../views/rendition.ts';
import type { Command } from './command.ts';
import { addPictureOptions, choosePictures, readPictureOptions } from './picture-options.ts';
import { offerAnywhere } from './places.ts';

const builder = offerAnywhere(new SlashCommandBuilder())
  .setName('vary')
  .setDescription('Draw variations of a picture of yours')
  .addStringOption((option) =>
    option
      .setName('how')
      .setDescription('How far to go from the picture; without it, a lot')
      .addChoices({ name: 'a little', value: 'subtle' }, { name: 'a lot', value: 'strong' }),
  );
addPictureOptions(builder);
builder.addIntegerOption((option) =>
  option
    .setName('count')
    .setDescription('How many variations, 1 to 4; without it, as many as there were pictures')
    .setMinValue(optionRanges.count.min)
    .setMaxValue(optionRanges.count.max),
);

export const vary = {
  definition: builder.toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const place = await findPlace(interaction, bot.db);
    const target = await readPictureOptions(interaction, bot);
    const taken = await varyPicture(bot, place, target, {
      strength: interaction.options.getString('how') === 'subtle' ? 'subtle' : 'strong',
      count: interaction.options.getInteger('count') ?? undefined,
    });
    await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }, place.askedInId));
  },

  autocomplete: choosePictures,
} satisfies Command;
