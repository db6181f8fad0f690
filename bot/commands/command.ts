/** @file What a command is. */
import type {
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
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
