/** @file What can be done in a community: every command of the definitions, and every button and menu that somebody sees. */
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
} from 'discord-api-types/v10';
import { commands, messageCommands } from '#bot/commands/index.ts';
import type { ComponentJson } from '#playground/json.ts';
import { asString } from '#playground/json.ts';
import { listComponents } from '#playground/message-parts.ts';
import type { MessageRecord, World } from '#playground/world.ts';

/** A command or subcommand. */
export interface PossibleCommand {
  readonly sort: 'command';
  /** Such as `/subject share`. */
  readonly kind: string;
  readonly name: string;
  readonly subcommand: string | undefined;
  readonly options: readonly APIApplicationCommandBasicOption[];
  readonly needsManager: boolean;
  readonly worksDirectly: boolean;
}

/** A command in the menu of a message. */
export interface PossibleMessageCommand {
  readonly sort: 'message command';
  readonly kind: string;
  readonly message: MessageRecord;
}

/** A button or a menu under a message. */
export interface PossibleClick {
  readonly sort: 'button' | 'menu';
  /** What its custom id begins with. */
  readonly kind: string;
  readonly message: MessageRecord;
  readonly component: ComponentJson;
}

/** Something that somebody can do. */
export type Possible = PossibleCommand | PossibleMessageCommand | PossibleClick;

const BOT_DM = 1;

/** Every command and subcommand there is. */
export const possibleCommands: readonly PossibleCommand[] = commands.flatMap(({ definition }) => {
  const { name, options = [], contexts, default_member_permissions: needed } = definition;
  const all = options as readonly APIApplicationCommandOption[];
  const common = {
    sort: 'command' as const,
    name,
    needsManager: typeof needed === 'string',
    worksDirectly: contexts?.includes(BOT_DM) ?? false,
  };
  const subcommands = all.flatMap((option) =>
    option.type === ApplicationCommandOptionType.Subcommand
      ? [
          {
            ...common,
            kind: `/${name} ${option.name}`,
            subcommand: option.name,
            options: option.options ?? [],
          },
        ]
      : [],
  );
  if (subcommands.length > 0) return subcommands;
  const basic = all as readonly APIApplicationCommandBasicOption[];
  return [{ ...common, kind: `/${name}`, subcommand: undefined, options: basic }];
});

/** How many of the newest messages with components are looked at. */
const LOOKED_AT = 250;
const button = 2;
const linkStyle = 5;
const isMenu = ({ type }: ComponentJson) => type === 3 || (type >= 5 && type <= 8);

/** @returns what can be pressed and chosen under the newest messages */
export function listPossibleClicks(world: World): (PossibleClick | PossibleMessageCommand)[] {
  const messages = [...world.messages.values()].filter(({ components }) => components.length > 0);
  return messages.slice(-LOOKED_AT).flatMap((message) => [
    ...listComponents(message.components).flatMap((component): PossibleClick[] => {
      const customId = asString(component.custom_id);
      const isButton = component.type === button && component.style !== linkStyle;
      const sort = isButton ? 'button' : isMenu(component) ? 'menu' : undefined;
      if (customId === undefined || sort === undefined || component.disabled === true) return [];
      return [{ sort, kind: customId.split(':')[0] ?? '', message, component }];
    }),
    ...(message.visibleTo === null ? messageCommands : [])
      .filter(({ definition: { contexts } }) => {
        const isDirect = world.channels.get(message.channelId)?.guildId === null;
        return !isDirect || (contexts?.includes(BOT_DM) ?? false);
      })
      .map(
        ({ definition }): PossibleMessageCommand => ({
          sort: 'message command',
          kind: definition.name,
          message,
        }),
      ),
  ]);
}
