/** @file The options of a command that say with whom a subject is shared: a person, a role, the server, everyone. */
import type { ChatInputCommandInteraction, SlashCommandSubcommandBuilder } from 'discord.js';
import type { Grantee } from '#db/queries/grantees.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { askerOf } from './checks.ts';

const wide = [
  { name: 'this server', value: 'server' },
  { name: 'everyone who uses me', value: 'everyone' },
] as const;

/** Adds the options. @param more a further choice beside the server and everyone */
export function addGranteeOptions(
  command: SlashCommandSubcommandBuilder,
  ...more: { name: string; value: string }[]
): SlashCommandSubcommandBuilder {
  return command
    .addUserOption((option) => option.setName('user').setDescription('One person'))
    .addRoleOption((option) =>
      option.setName('role').setDescription('Everybody here who has this role'),
    )
    .addStringOption((option) =>
      option
        .setName('with')
        .setDescription('The server, or everyone')
        .addChoices(...wide, ...more),
    );
}

/**
 * Reads the options; several name several.
 *
 * @throws {UserError} when none is given, or one cannot be meant
 */
export function readGrantees(interaction: ChatInputCommandInteraction): Grantee[] {
  const { options } = interaction;
  const { guildId } = askerOf(interaction);
  const grantees: Grantee[] = [];
  const user = options.getUser('user');
  if (user?.bot) throw new UserError('GRANTEE_BOT', refusals.shareWithBot());
  if (user?.id === interaction.user.id) {
    throw new UserError('GRANTEE_SELF', refusals.shareWithYourself());
  }
  if (user) grantees.push({ kind: 'user', id: user.id });
  const role = options.getRole('role');
  const isServer = options.getString('with') === 'server' || (role && role.id === guildId);
  if ((isServer || role) && guildId === null) {
    throw new UserError('GUILD_ONLY', refusals.shareServerHere());
  }
  // The role @everyone has the server's id and is nobody's by name.
  if (role && role.id !== guildId) grantees.push({ kind: 'role', id: role.id });
  if (isServer && guildId !== null) grantees.push({ kind: 'guild', id: guildId });
  if (options.getString('with') === 'everyone') grantees.push({ kind: 'everyone' });
  if (grantees.length === 0) throw new UserError('GRANTEE_MISSING', refusals.shareWithWhom());
  return grantees;
}
