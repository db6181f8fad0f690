/** @file `/preset`: the paper's applications, a subcommand each, so that a phone lists them with what they do. */
import { SlashCommandBuilder } from 'discord.js';
import { withOwnDefaults } from '../intake/own-defaults.ts';
import { requestRendition } from '../intake/request-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { fillPreset, listSuggestions, type PresetName, presetNames } from '../presets.ts';
import { optionRanges } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { presetWords } from '../views/presets.ts';
import { refusals } from '../views/refusals.ts';
import { renditionAnswer } from '../views/rendition.ts';
import { oneLine } from '../views/text.ts';
import type { Command } from './command.ts';
import { completeUsableSubject } from './complete-subject.ts';
import { offerAnywhere } from './places.ts';

const builder = offerAnywhere(new SlashCommandBuilder())
  .setName('preset')
  .setDescription('Draw your subject in a way that needs few words');
for (const name of presetNames) {
  const { description, option, optionDescription } = presetWords[name];
  builder.addSubcommand((command) =>
    command
      .setName(name)
      .setDescription(description)
      .addStringOption((words) =>
        words
          .setName(option)
          .setDescription(optionDescription)
          .setRequired(true)
          .setMaxLength(200)
          .setAutocomplete(true),
      )
      .addStringOption((subject) =>
        subject
          .setName('subject')
          .setDescription('Which subject; without it, your only one or your default')
          .setMaxLength(100)
          .setAutocomplete(true),
      )
      .addIntegerOption((pictures) =>
        pictures
          .setName('count')
          .setDescription('How many pictures, 1 to 4')
          .setMinValue(optionRanges.count.min)
          .setMaxValue(optionRanges.count.max),
      ),
  );
}

export const preset = {
  definition: builder.toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const place = await findPlace(interaction, bot.db);
    const { options } = interaction;
    const name = options.getSubcommand() as PresetName;
    const chosen = bot.presets[name];
    if (!chosen) {
      throw new UserError('PRESET_UNKNOWN', refusals.presetUnknown(Object.keys(bot.presets)));
    }
    // Brackets would make a reference of the words, and those are for /imagine.
    const words = oneLine(options.getString(presetWords[name].option, true)).replace(/[[\]]/g, '');
    if (words === '') throw new UserError('PROMPT_EMPTY', refusals.presetEmpty());
    const requested = await requestRendition(bot, {
      ...place,
      subject: options.getString('subject'),
      wish: await withOwnDefaults(bot, place.userId, {
        prompt: fillPreset(chosen, words),
        seed: null,
        count: options.getInteger('count') ?? undefined,
        settings: {},
      }),
    });
    await answer(interaction, renditionAnswer(requested, place.askedInId));
  },

  async autocomplete(interaction, bot) {
    const focused = interaction.options.getFocused(true);
    if (focused.name === 'subject') return completeUsableSubject(interaction, bot);
    const chosen = bot.presets[interaction.options.getSubcommand() as PresetName];
    return (chosen ? listSuggestions(chosen, focused.value) : []).map((words) => ({
      name: words,
      value: words,
    }));
  },
} satisfies Command;
