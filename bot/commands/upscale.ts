/** @file `/upscale`: makes a picture of the user's larger, by resampling. */
import { SlashCommandBuilder } from 'discord.js';
import { enlargePicture } from '../intake/rerun-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { renditionAnswer } from '../views/rendition.ts';
import type { Command } from './command.ts';
import { addPictureOptions, choosePictures, readPictureOptions } from './picture-options.ts';
import { offerAnywhere } from './places.ts';

const builder = offerAnywhere(new SlashCommandBuilder())
  .setName('upscale')
  .setDescription('Enlarge a picture of yours by resampling: more pixels, no new detail')
  .addIntegerOption((option) =>
    option
      .setName('factor')
      .setDescription('How many times as wide and high; without it, twice')
      .addChoices({ name: '2×', value: 2 }, { name: '4×', value: 4 }),
  );
addPictureOptions(builder);

export const upscale = {
  definition: builder.toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const place = await findPlace(interaction, bot.db);
    const taken = await enlargePicture(
      bot,
      place,
      await readPictureOptions(interaction, bot),
      interaction.options.getInteger('factor') === 4 ? 4 : 2,
    );
    await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }, place.askedInId));
  },

  autocomplete: choosePictures,
} satisfies Command;
