/** @file *Remix with my subject* in the menu of a message of ours: the same words and settings with another subject. */
import { ApplicationCommandType, ContextMenuCommandBuilder } from 'discord.js';
import { prepareRemix } from '../intake/remix-rendition.ts';
import { checkPlace } from '../interactions/checks.ts';
import { renditionOfMessage } from '../interactions/own-messages.ts';
import { openForm } from '../interactions/respond.ts';
import { buildRemixForm } from '../views/remix-form.ts';
import type { MessageCommand } from './command.ts';
import { offerAnywhere } from './places.ts';

export const remix = {
  definition: offerAnywhere(new ContextMenuCommandBuilder())
    .setName('Remix with my subject')
    .setType(ApplicationCommandType.Message)
    .toJSON(),

  async run(interaction, bot) {
    // A form must be the first answer, so nothing but rows is looked up before.
    const viewer = await checkPlace(interaction, bot.db);
    const renditionId = renditionOfMessage(interaction.targetMessage);
    await openForm(interaction, buildRemixForm(await prepareRemix(bot, viewer, renditionId)));
  },
} satisfies MessageCommand;
