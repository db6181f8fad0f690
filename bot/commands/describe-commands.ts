/** @file Markdown about the commands, made from their definitions alone: docs/commands.md. Pure. */
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionsBitField,
} from 'discord.js';
import type { Command, MessageCommand } from './command.ts';

type AnyDefinition = Command['definition'] | MessageCommand['definition'];

const HEAD = `# Commands

Made from the definitions in \`bot/commands\` by \`npm run docs\`; a test fails where it is stale. What the options mean is
in \`imagine.md\`.

Admins can narrow everything: Discord's own settings by role and channel, and \`/config\`. What is marked with * works
wherever \`/config\` has closed the bot.`;

const contextNames = {
  [InteractionContextType.Guild]: 'servers',
  [InteractionContextType.BotDM]: 'direct messages with the bot',
  [InteractionContextType.PrivateChannel]: 'other direct messages',
} satisfies Record<InteractionContextType, string>;

const installNames = {
  [ApplicationIntegrationType.GuildInstall]: 'servers',
  [ApplicationIntegrationType.UserInstall]: 'users',
} satisfies Record<ApplicationIntegrationType, string>;

const optionTypeNames = {
  [ApplicationCommandOptionType.String]: 'text',
  [ApplicationCommandOptionType.Integer]: 'whole number',
  [ApplicationCommandOptionType.Number]: 'number',
  [ApplicationCommandOptionType.Boolean]: 'yes or no',
  [ApplicationCommandOptionType.User]: 'user',
  [ApplicationCommandOptionType.Channel]: 'channel',
  [ApplicationCommandOptionType.Role]: 'role',
  [ApplicationCommandOptionType.Mentionable]: 'user or role',
  [ApplicationCommandOptionType.Attachment]: 'file',
} satisfies Record<APIApplicationCommandBasicOption['type'], string>;

/** @returns the whole document */
export function describeCommands(
  commands: readonly Command[],
  messageCommands: readonly MessageCommand[],
): string {
  const rows = commands.map((command) => placeRow(`/${command.definition.name}`, command));
  const menuRows = messageCommands.map((command) => placeRow(command.definition.name, command));
  return `${[
    HEAD,
    table(['Command', 'What it does', ...placeHeads], rows),
    '## In the menu of a message',
    'Discord offers them on every message; they act on messages of this bot only.',
    table(
      ['Command', ...placeHeads],
      menuRows.map(([name, , ...places]) => [name!, ...places]),
    ),
    ...commands.flatMap(describeCommand),
  ].join('\n\n')}\n`;
}

const placeHeads = ['Used in', 'Installed by', 'Offered to'];

function placeRow(name: string, command: Command | MessageCommand): string[] {
  const { definition } = command;
  const isAlwaysAllowed = 'isAlwaysAllowed' in command && command.isAlwaysAllowed;
  return [
    `\`${name}\`${isAlwaysAllowed ? ' *' : ''}`,
    'description' in definition ? definition.description : '',
    (definition.contexts ?? []).map((context) => contextNames[context]).join(', '),
    (definition.integration_types ?? []).map((type) => installNames[type]).join(', '),
    whoOf(definition),
  ];
}

function whoOf({ default_member_permissions: needed }: AnyDefinition): string {
  if (needed === null || needed === undefined) return 'everybody';
  const names = new PermissionsBitField(BigInt(needed)).toArray();
  return `who has ${names.map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')).join(', ')}`;
}

function describeCommand({ definition }: Command): string[] {
  const { name, description, options = [] } = definition;
  return [`## /${name}`, `${description}.`, ...describeOptions(name, options)];
}

function describeOptions(path: string, options: readonly APIApplicationCommandOption[]): string[] {
  const basic = options.flatMap((option) => (isBasic(option) ? [optionRow(option)] : []));
  const nested = options.flatMap((option) => {
    if (isBasic(option)) return [];
    const inner = `${path} ${option.name}`;
    const heading = [`### /${inner}`, `${option.description}.`];
    return [...heading, ...describeOptions(inner, option.options ?? [])];
  });
  const heads = ['Option', 'Type', 'Values', 'What it is'];
  return [...(basic.length > 0 ? [table(heads, basic)] : []), ...nested];
}

const isBasic = (option: APIApplicationCommandOption): option is APIApplicationCommandBasicOption =>
  option.type !== ApplicationCommandOptionType.Subcommand &&
  option.type !== ApplicationCommandOptionType.SubcommandGroup;

function optionRow(option: APIApplicationCommandBasicOption): string[] {
  return [
    `\`${option.name}\`${option.required ? ', required' : ''}`,
    optionTypeNames[option.type],
    valuesOf(option).join('; '),
    option.description,
  ];
}

interface Bounds {
  readonly min_value?: number | undefined;
  readonly max_value?: number | undefined;
  readonly max_length?: number | undefined;
}

/** What may stand in an option: choices, range, length, kinds of channel. */
function valuesOf(option: APIApplicationCommandBasicOption): string[] {
  const values: string[] = [];
  if ('choices' in option && option.choices) {
    values.push(option.choices.map(({ name }) => `\`${name}\``).join(', '));
  }
  // Builders name every field, those that were never set as well.
  const { min_value: min, max_value: max, max_length: maxLength } = option as Bounds;
  if (min !== undefined || max !== undefined) values.push(`${min ?? 'any'} to ${max ?? 'any'}`);
  if (maxLength !== undefined) values.push(`up to ${maxLength} characters`);
  if ('autocomplete' in option && option.autocomplete) values.push('offered while you type');
  if ('channel_types' in option && option.channel_types) {
    values.push(option.channel_types.map(channelTypeName).join(', '));
  }
  return values;
}

const channelTypeName = (type: ChannelType): string =>
  ChannelType[type].replace('Guild', '').toLowerCase();

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}
