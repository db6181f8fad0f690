/** @file `/defaults show|set|reset`: what a user wants of `/imagine` where its options say nothing. */
import {
  type ChatInputCommandInteraction,
  SlashCommandBuilder,
  SlashCommandSubcommandBuilder,
} from 'discord.js';
import { changeOwnDefaults, forgetOwnDefaults, getOwnDefaults } from '#db/queries/own-defaults.ts';
import { getChosenSubject } from '#db/queries/subjects.ts';
import { setDefaultSubject } from '#db/queries/users.ts';
import type { BotContext } from '../context.ts';
import { checkWish } from '../intake/check-wish.ts';
import { findOwnSubject } from '../intake/own-subject.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { ownDefaults, resetChoices } from '../views/defaults.ts';
import { refusals } from '../views/refusals.ts';
import type { Command } from './command.ts';
import { completeOwnSubject } from './complete-subject.ts';
import { offerAnywhere } from './places.ts';
import { addRenditionOptions, readDefaultableOptions } from './rendition-options.ts';

const set = new SlashCommandSubcommandBuilder()
  .setName('set')
  .setDescription('Choose what pictures are like where you do not say');
addRenditionOptions(set, ['count', 'aspect', 'steps', 'guidance', 'sampler', 'negative']);
set.addStringOption((option) =>
  option
    .setName('subject')
    .setDescription('Which subject [V] stands for')
    .setMaxLength(100)
    .setAutocomplete(true),
);

export const defaults = {
  definition: offerAnywhere(new SlashCommandBuilder())
    .setName('defaults')
    .setDescription('What you want of pictures where you do not say')
    .addSubcommand((command) => command.setName('show').setDescription('Show your defaults'))
    .addSubcommand(set)
    .addSubcommand((command) =>
      command
        .setName('reset')
        .setDescription('Go back to what I recommend')
        .addStringOption((option) =>
          option
            .setName('what')
            .setDescription('Which one; without it, all of them')
            .addChoices(...resetChoices),
        ),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const userId = interaction.user.id;
    const subcommand = interaction.options.getSubcommand();
    if (subcommand === 'set') await change(interaction, bot);
    if (subcommand === 'reset') await reset(interaction, bot);
    const own = await getOwnDefaults(bot.db, userId);
    await answer(interaction, ownDefaults(own, await getChosenSubject(bot.db, userId)));
  },

  autocomplete: completeOwnSubject,
} satisfies Command;

async function change(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const userId = interaction.user.id;
  const { count, ...settings } = readDefaultableOptions(interaction);
  const chosen = interaction.options.getString('subject');
  const isEmpty = Object.values({ ...settings, count }).every((value) => value === undefined);
  if (isEmpty && chosen === null) {
    throw new UserError('NOTHING_TO_SET', refusals.nothingToSet());
  }
  const subject = chosen === null ? undefined : await findOwnSubject(bot, userId, chosen);
  // Held to the same limits as a prompt with these settings.
  const wish = { prompt: '[V]', seed: null, count: count ?? 1, settings };
  const checked = checkWish(wish, bot.renditionLimits);
  await changeOwnDefaults(bot.db, userId, { ...checked.settings, count });
  if (subject) await setDefaultSubject(bot.db, userId, subject.id);
}

async function reset(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const userId = interaction.user.id;
  const asked = interaction.options.getString('what');
  const known = resetChoices.find(({ value }) => value === asked)?.value;
  if (asked === null || known === 'subject') await setDefaultSubject(bot.db, userId, null);
  if (asked === null) await forgetOwnDefaults(bot.db, userId, 'all');
  else if (known && known !== 'subject') await forgetOwnDefaults(bot.db, userId, known);
}
