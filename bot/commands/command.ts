/** @file What commands are: slash commands, and those in a message's menu. */
import type {
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
  RESTPostAPIContextMenuApplicationCommandsJSONBody,
} from 'discord.js';
import type { BotContext } from '../context.ts';

/** A slash command. */
export interface Command {
  /** As Discord registers it. */
  readonly definition: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** Works wherever and for whomever the server's admins have not allowed the bot. */
  readonly isAlwaysAllowed?: boolean;
  /** @throws {UserError} whose sentence is shown to the user */
  run(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void>;
  /** @returns at most 25 choices for the option being typed */
  autocomplete?(
    interaction: AutocompleteInteraction,
    bot: BotContext,
  ): Promise<readonly { name: string; value: string }[]>;
}

/** A command in the menu of a message. Discord offers it on every message; each must refuse those of others. */
export interface MessageCommand {
  /** As Discord registers it. */
  readonly definition: RESTPostAPIContextMenuApplicationCommandsJSONBody;
  /** Works wherever and for whomever the server's admins have not allowed the bot. */
  readonly isAlwaysAllowed?: boolean;
  /** @throws {UserError} whose sentence is shown to the user */
  run(interaction: MessageContextMenuCommandInteraction, bot: BotContext): Promise<void>;
}
