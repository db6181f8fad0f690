/** @file *Image info* in the menu of a message of ours: what its pictures were made with. */
import { ApplicationCommandType, ContextMenuCommandBuilder } from 'discord.js';
import { readRenditionInfo } from '../intake/rendition-info.ts';
import { viewerOf } from '../interactions/checks.ts';
import { renditionOfMessage } from '../interactions/own-messages.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import type { MessageCommand } from './command.ts';
import { offerAnywhere } from './places.ts';

export const imageInfo = {
  definition: offerAnywhere(new ContextMenuCommandBuilder())
    .setName('Image info')
    .setType(ApplicationCommandType.Message)
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const viewer = viewerOf(interaction);
    const renditionId = renditionOfMessage(interaction.targetMessage);
    await answer(interaction, await readRenditionInfo(bot, viewer, renditionId));
  },
} satisfies MessageCommand;
