/** @file What must hold before a request is taken: where it came from, and what the bot may do there. */
import {
  type APIInteractionDataResolvedChannel,
  type BaseInteraction,
  type Guild,
  type GuildBasedChannel,
  PermissionFlagsBits,
} from 'discord.js';
import type { Db } from '#db/client.ts';
import type { Asker } from '#db/queries/grantees.ts';
import { getGuildSettings } from '#db/queries/guilds.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';

/** What posting results takes. */
const needed = [
  ['View Channel', PermissionFlagsBits.ViewChannel],
  ['Send Messages', PermissionFlagsBits.SendMessages],
  ['Attach Files', PermissionFlagsBits.AttachFiles],
] as const;

/** Who made a request, and where. */
export interface Place extends Asker {
  readonly channelId: string;
}

/**
 * Checks that results can be posted where the request came from.
 *
 * @throws {UserError} when the bot lacks a permission there
 */
export function checkPlace(interaction: BaseInteraction): Place {
  const { guildId, channelId } = interaction;
  if (channelId === null) throw new UserError('NO_CHANNEL', refusals.noChannel());
  checkAtHome(interaction);
  if (guildId !== null) {
    const missing = needed.filter(([, bit]) => !interaction.appPermissions.has(bit));
    if (missing.length > 0) {
      throw new UserError('CANNOT_POST', refusals.cannotPost(missing.map(([name]) => name)));
    }
  }
  return { ...askerOf(interaction), channelId };
}

/**
 * Checks that the bot was added to the server. Users who installed it for themselves bring it everywhere: there it can
 * answer them, and post nothing.
 *
 * @throws {UserError} where only the user brought it
 */
export function checkAtHome({ guildId, authorizingIntegrationOwners }: BaseInteraction): void {
  const isBroughtByUser = authorizingIntegrationOwners.guildId === null;
  if (guildId !== null && isBroughtByUser) throw new UserError('NOT_MEMBER', refusals.notMember());
}

/** @returns who asks and where, with their roles as Discord told them with this very request */
export function askerOf({ user, guildId, member }: BaseInteraction): Asker {
  if (guildId === null || member === null) return { userId: user.id, guildId, roleIds: [] };
  const roleIds = Array.isArray(member.roles) ? member.roles : [...member.roles.cache.keys()];
  return { userId: user.id, guildId, roleIds };
}

/** @throws {UserError} in a direct message */
export function checkGuild(interaction: BaseInteraction): string {
  if (interaction.guildId === null) throw new UserError('GUILD_ONLY', refusals.guildOnly());
  return interaction.guildId;
}

/**
 * Checks what the server's admins have set: in which channels, and by whom, the bot may be used. Threads count as their
 * channel and channels as their category, and the gallery's own buttons work in the gallery.
 *
 * @throws {UserError} where they allow it not here, or not for this member
 */
export async function checkAllowed(interaction: BaseInteraction, db: Db): Promise<void> {
  const { guildId, channelId, channel } = interaction;
  if (guildId === null) return;
  const settings = await getGuildSettings(db, guildId);
  const { allowedChannelIds, allowedRoleIds, galleryChannelId } = settings;
  const parent = channel && 'parent' in channel ? channel.parent : null;
  const here = [channelId, parent?.id, parent?.parentId].filter((id) => typeof id === 'string');
  const isOpen =
    allowedChannelIds.length === 0 ||
    here.some((id) => id === galleryChannelId || allowedChannelIds.includes(id));
  if (!isOpen) throw new UserError('CHANNEL_CLOSED', refusals.channelClosed(allowedChannelIds));
  const { roleIds } = askerOf(interaction);
  const isMember =
    allowedRoleIds.length === 0 ||
    allowedRoleIds.some((id) => id === guildId || roleIds.includes(id));
  if (!isMember) throw new UserError('ROLE_MISSING', refusals.roleMissing(allowedRoleIds));
}

/** @throws {UserError} for anybody who may not manage the server, however the command reached them */
export function checkManager({ memberPermissions }: BaseInteraction): void {
  if (!memberPermissions?.has(PermissionFlagsBits.ManageGuild)) {
    throw new UserError('NOT_MANAGER', refusals.notManager());
  }
}

/** @returns whether the member moderates where they are */
export function isModerator({ memberPermissions }: BaseInteraction): boolean {
  return memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false;
}

/**
 * Checks that the bot can post in a channel of the server that somebody chose.
 *
 * @throws {UserError} when it lacks a permission there
 */
export function checkCanPostIn(
  channel: GuildBasedChannel | APIInteractionDataResolvedChannel,
  guild: Guild | null,
): void {
  const known = guild?.channels.cache.get(channel.id);
  const me = guild?.members.me;
  if (!known || !me) throw new UserError('CANNOT_SEE', refusals.cannotSee(channel.id));
  const granted = known.permissionsFor(me);
  const missing = needed.filter(([, bit]) => !granted.has(bit)).map(([name]) => name);
  if (missing.length > 0) {
    throw new UserError('CANNOT_POST', refusals.cannotPostIn(channel.id, missing));
  }
}
