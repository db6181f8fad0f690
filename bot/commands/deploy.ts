/** @file Registers the commands with Discord, in all servers at once. */
import { REST, Routes } from 'discord.js';
import { commands, messageCommands } from './index.ts';
import { localizeCommand } from './localize.ts';

/**
 * Replaces the application's commands by ours.
 *
 * @returns how many there are now
 */
export async function deployCommands(discord: {
  readonly token: string;
  readonly applicationId: string;
  readonly apiUrl?: string | undefined;
}): Promise<number> {
  const rest = new REST(discord.apiUrl ? { api: discord.apiUrl } : {}).setToken(discord.token);
  const registered = await rest.put(Routes.applicationCommands(discord.applicationId), {
    body: [...commands, ...messageCommands].map(({ definition }) => localizeCommand(definition)),
  });
  return (registered as unknown[]).length;
}
