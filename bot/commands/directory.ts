/** @file Every command with the id that Discord gave it, for `/help`. */
import { ApplicationCommandOptionType, type REST, Routes } from 'discord.js';
import type { Logger } from 'pino';
import { withDeadline } from '../deadline.ts';
import type { ListedCommand } from '../views/help.ts';
import { commands, messageCommands } from './index.ts';

/** Without ids the list is still of use, so nobody waits long for them. */
const READ_MS = 3_000;

/** @returns lists the commands; asks Discord for their ids until it has them all */
export function createCommandDirectory(
  rest: REST,
  applicationId: string,
  logger: Logger,
): () => Promise<readonly ListedCommand[]> {
  const all = [...commands, ...messageCommands];
  let ids = new Map<string, string>();
  return async () => {
    if (ids.size < all.length) {
      ids = await readIds(rest, applicationId).catch((error) => {
        logger.warn({ err: error }, 'ids of commands not read');
        return ids;
      });
    }
    return all.map(({ definition }) => ({
      name: definition.name,
      description: 'description' in definition ? definition.description : '',
      subcommands: ('options' in definition ? (definition.options ?? []) : []).flatMap((option) =>
        option.type === ApplicationCommandOptionType.Subcommand ? option.name : [],
      ),
      id: ids.get(definition.name),
    }));
  };
}

async function readIds(rest: REST, applicationId: string): Promise<Map<string, string>> {
  const registered = (await withDeadline(
    rest.get(Routes.applicationCommands(applicationId)),
    READ_MS,
  )) as readonly { readonly name: string; readonly id: string }[];
  return new Map(registered.map(({ name, id }) => [name, id]));
}
