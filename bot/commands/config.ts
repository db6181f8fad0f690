/** @file `/config show|gallery|moderators|hall-of-fame|channels|roles|language`: what a server's admins set. */
import {
  ChannelType,
  type ChatInputCommandInteraction,
  PermissionFlagsBits,
  type SlashCommandBooleanOption,
  SlashCommandBuilder,
} from 'discord.js';
import {
  changeGuildList,
  changeGuildSettings,
  type GuildList,
  type GuildSettings,
  getGuildSettings,
} from '#db/queries/guilds.ts';
import type { BotContext } from '../context.ts';
import { checkCanPostIn, checkGuild, checkManager } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { guildSettings, localeChoices, MAX_LISTED } from '../views/config.ts';
import { refusals } from '../views/refusals.ts';
import type { Command } from './command.ts';
import { offerInServers } from './places.ts';

/** Checked here rather than in the option: Discord's description of its API does not know media channels. */
const galleryChannelTypes: readonly ChannelType[] = [
  ChannelType.GuildText,
  ChannelType.GuildAnnouncement,
  ChannelType.GuildForum,
  ChannelType.GuildMedia,
];

/** The way out when a channel or role of the list was deleted. */
const resetOption = (option: SlashCommandBooleanOption) =>
  option.setName('reset').setDescription('Forget the whole list');

export const config = {
  definition: offerInServers(new SlashCommandBuilder())
    .setName('config')
    .setDescription('What I may do in this server')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .addSubcommand((command) => command.setName('show').setDescription('Show all settings'))
    .addSubcommand((command) =>
      command
        .setName('gallery')
        .setDescription('Post published pictures into a channel, or only into /gallery browse')
        .addChannelOption((option) =>
          option
            .setName('channel')
            .setDescription('A forum, media or text channel; without one, no posts'),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('moderators')
        .setDescription('Send reports into a channel of the moderators')
        .addChannelOption((option) =>
          option
            .setName('channel')
            .setDescription('Which one; without one, I take no reports')
            .addChannelTypes(ChannelType.GuildText),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('hall-of-fame')
        .setDescription('Choose how many votes bring a picture into the hall of fame')
        .addIntegerOption((option) =>
          option
            .setName('votes')
            .setDescription('How many, 1 to 1000')
            .setRequired(true)
            .setMinValue(1)
            .setMaxValue(1000),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('channels')
        .setDescription('Choose the channels in which I may be used; none means all')
        .addChannelOption((option) =>
          option.setName('allow').setDescription('One more; a category opens all of its channels'),
        )
        .addChannelOption((option) => option.setName('forbid').setDescription('One less'))
        .addBooleanOption(resetOption),
    )
    .addSubcommand((command) =>
      command
        .setName('roles')
        .setDescription('Choose the roles that may use me; none means everybody')
        .addRoleOption((option) => option.setName('allow').setDescription('One more'))
        .addRoleOption((option) => option.setName('forbid').setDescription('One less'))
        .addBooleanOption(resetOption),
    )
    .addSubcommand((command) =>
      command
        .setName('language')
        .setDescription('Choose the language of my public posts')
        .addStringOption((option) =>
          option
            .setName('language')
            .setDescription('Which language')
            .setRequired(true)
            .addChoices(...localeChoices),
        ),
    )
    .toJSON(),

  isAlwaysAllowed: true,

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const guildId = checkGuild(interaction);
    checkManager(interaction);
    const subcommand = interaction.options.getSubcommand();
    const handler = subcommands[subcommand as keyof typeof subcommands] as Handler | undefined;
    if (!handler) throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
    const settings = await handler(interaction, bot, guildId);
    bot.logger.info({ guildId, subcommand }, 'settings shown or changed');
    await answer(interaction, guildSettings(settings));
  },
} satisfies Command;

/** @returns the settings as they are afterwards */
type Handler = (
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
  guildId: string,
) => Promise<GuildSettings>;

const subcommands = {
  show: (_, bot, guildId) => getGuildSettings(bot.db, guildId),

  async gallery(interaction, bot, guildId) {
    const channel = interaction.options.getChannel('channel');
    if (channel && !galleryChannelTypes.includes(channel.type)) {
      throw new UserError('NO_GALLERY_CHANNEL', refusals.noGalleryChannel());
    }
    if (channel) checkCanPostIn(channel, interaction.guild);
    return changeGuildSettings(bot.db, guildId, { galleryChannelId: channel?.id ?? null });
  },

  async moderators(interaction, bot, guildId) {
    const channel = interaction.options.getChannel('channel');
    if (channel) checkCanPostIn(channel, interaction.guild);
    return changeGuildSettings(bot.db, guildId, { moderatorChannelId: channel?.id ?? null });
  },

  'hall-of-fame': ({ options }, bot, guildId) => {
    const votes = Math.min(1000, Math.max(1, options.getInteger('votes', true)));
    return changeGuildSettings(bot.db, guildId, { hallOfFameThreshold: votes });
  },

  channels: ({ options }, bot, guildId) =>
    changeList(bot, guildId, 'allowedChannelIds', {
      reset: options.getBoolean('reset') ?? false,
      add: options.getChannel('allow')?.id,
      remove: options.getChannel('forbid')?.id,
    }),

  roles: ({ options }, bot, guildId) =>
    changeList(bot, guildId, 'allowedRoleIds', {
      reset: options.getBoolean('reset') ?? false,
      add: options.getRole('allow')?.id,
      remove: options.getRole('forbid')?.id,
    }),

  language: ({ options }, bot, guildId) => {
    const chosen = options.getString('language', true);
    const locale = localeChoices.find(({ value }) => value === chosen)?.value ?? 'en-US';
    return changeGuildSettings(bot.db, guildId, { locale });
  },
} as const satisfies Record<string, Handler>;

async function changeList(
  bot: BotContext,
  guildId: string,
  list: GuildList,
  change: { reset: boolean; add: string | undefined; remove: string | undefined },
): Promise<GuildSettings> {
  const changed = await changeGuildList(bot.db, guildId, list, change, MAX_LISTED);
  if (!changed) throw new UserError('LIST_FULL', refusals.listFull(MAX_LISTED));
  return changed;
}
