/** @file *Report* in the menu of a message of ours: tells the moderators of the server. */
import { ApplicationCommandType, ContextMenuCommandBuilder } from 'discord.js';
import { reportMessage } from '../intake/report.ts';
import { checkGuild } from '../interactions/checks.ts';
import { isOwnMessage } from '../interactions/own-messages.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import type { MessageCommand } from './command.ts';
import { offerInServers } from './places.ts';

export const report = {
  definition: offerInServers(new ContextMenuCommandBuilder())
    .setName('Report')
    .setType(ApplicationCommandType.Message)
    .toJSON(),

  isAlwaysAllowed: true,

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const guildId = checkGuild(interaction);
    const message = interaction.targetMessage;
    if (!isOwnMessage(message)) throw new UserError('NOT_MY_MESSAGE', refusals.reportsOfMineOnly());
    const by = { guildId, userId: interaction.user.id };
    const at = { channelId: message.channelId, messageId: message.id };
    await answer(interaction, await reportMessage(bot, by, at));
  },
} satisfies MessageCommand;
