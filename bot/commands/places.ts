/** @file Where commands are offered. What each may do there is checked when it is used: Discord alone is not relied on. */
import {
  ApplicationIntegrationType,
  type ContextMenuCommandBuilder,
  InteractionContextType,
  type SlashCommandBuilder,
} from 'discord.js';

type Builder = SlashCommandBuilder | ContextMenuCommandBuilder;

/** Offers a command in servers and direct messages, where the server added the bot or the user did for themselves. */
export function offerAnywhere<B extends Builder>(builder: B): B {
  builder
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .setIntegrationTypes(
      ApplicationIntegrationType.GuildInstall,
      ApplicationIntegrationType.UserInstall,
    );
  return builder;
}

/** Offers a command in servers that added the bot, and nowhere else. */
export function offerInServers<B extends Builder>(builder: B): B {
  builder
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall);
  return builder;
}
