/** @file *Image info* in the menu of a message of ours: what its pictures were made with. */
import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  ContextMenuCommandBuilder,
  InteractionContextType,
} from 'discord.js';
import { readRenditionInfo } from '../intake/rendition-info.ts';
import { checkPlace } from '../interactions/checks.ts';
import { renditionOfMessage } from '../interactions/own-messages.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import type { MessageCommand } from './command.ts';

export const imageInfo = {
  definition: new ContextMenuCommandBuilder()
    .setName('Image info')
    .setType(ApplicationCommandType.Message)
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .setIntegrationTypes(
      ApplicationIntegrationType.GuildInstall,
      ApplicationIntegrationType.UserInstall,
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const viewer = checkPlace(interaction);
    const renditionId = renditionOfMessage(interaction.targetMessage);
    await answer(interaction, await readRenditionInfo(bot, viewer, renditionId));
  },
} satisfies MessageCommand;
