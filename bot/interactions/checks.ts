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
import { getAllowsDirectMessages } from '#db/queries/users.ts';
import { withDeadline } from '../deadline.ts';
import type { Viewer } from '../intake/rendition-at-hand.ts';
import type { RenditionPlace } from '../intake/take-rendition.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';

/** What posting results takes. */
const needed = [
  ['View Channel', PermissionFlagsBits.ViewChannel],
  ['Send Messages', PermissionFlagsBits.SendMessages],
  ['Attach Files', PermissionFlagsBits.AttachFiles],
] as const;

/** How long Discord may take to name the channel of a user's direct messages, in milliseconds. */
const OPEN_MS = 20_000;

/** Who made a request, and where its results go. */
export interface Place extends RenditionPlace {
  /** The channel of the request; results go to another one where only its user brought the bot. */
  readonly askedInId: string;
}

/** @throws {UserError} where Discord names no channel */
export function viewerOf(interaction: BaseInteraction): Viewer {
  const { channelId } = interaction;
  if (channelId === null) throw new UserError('NO_CHANNEL', refusals.noChannel());
  return { ...askerOf(interaction), channelId };
}

/**
 * Checks that results can be posted: in the channel of the request, or to its user directly where only they brought the
 * bot. Asks Discord nothing, so it may come before a form.
 *
 * @throws {UserError} when the bot lacks a permission there, or is not to write to them
 */
export async function checkPlace(interaction: BaseInteraction, db: Db): Promise<Viewer> {
  const viewer = viewerOf(interaction);
  if (isVisit(interaction)) {
    const canWrite = await getAllowsDirectMessages(db, viewer.userId);
    if (!canWrite) throw new UserError('NOT_MEMBER', refusals.notMember());
  } else if (viewer.guildId !== null) {
    const missing = needed.filter(([, bit]) => !interaction.appPermissions.has(bit));
    if (missing.length > 0) {
      throw new UserError('CANNOT_POST', refusals.cannotPost(missing.map(([name]) => name)));
    }
  }
  return viewer;
}

/**
 * Finds where results go, after {@link checkPlace}.
 *
 * @throws {UserError} as there
 */
export async function findPlace(interaction: BaseInteraction, db: Db): Promise<Place> {
  const viewer = await checkPlace(interaction, db);
  const channelId = isVisit(interaction)
    ? (await withDeadline(interaction.user.createDM(), OPEN_MS)).id
    : viewer.channelId;
  return { ...viewer, channelId, askedInId: viewer.channelId, interactionId: interaction.id };
}

/**
 * @returns whether only its user brought the bot to the server. There it can answer them and post nothing; whatever is
 * done there is done as in direct messages
 */
export function isVisit({ guildId, authorizingIntegrationOwners }: BaseInteraction): boolean {
  return guildId !== null && authorizingIntegrationOwners.guildId === null;
}

/** @returns who asks and where, with their roles as Discord told them with this very request */
export function askerOf(interaction: BaseInteraction): Asker {
  const { user, guildId, member } = interaction;
  if (guildId === null || isVisit(interaction)) {
    return { userId: user.id, guildId: null, roleIds: [] };
  }
  if (member === null) return { userId: user.id, guildId, roleIds: [] };
  const roleIds = Array.isArray(member.roles) ? member.roles : [...member.roles.cache.keys()];
  return { userId: user.id, guildId, roleIds };
}

/** @throws {UserError} in a direct message, and in a server without the bot */
export function checkGuild(interaction: BaseInteraction): string {
  if (interaction.guildId === null) throw new UserError('GUILD_ONLY', refusals.guildOnly());
  if (isVisit(interaction)) throw new UserError('NOT_MEMBER', refusals.guildWithoutMe());
  return interaction.guildId;
}

/**
 * Checks what the server's admins have set: in which channels, and by whom, the bot may be used. Threads count as their
 * channel and channels as their category, and the gallery's own buttons work in the gallery.
 *
 * @throws {UserError} where they allow it not here, or not for this member
 */
export async function checkAllowed(interaction: BaseInteraction, db: Db): Promise<void> {
  const { channelId, channel } = interaction;
  const { guildId, roleIds } = askerOf(interaction);
  if (guildId === null) return;
  const settings = await getGuildSettings(db, guildId);
  const { allowedChannelIds, allowedRoleIds, galleryChannelId } = settings;
  const parent = channel && 'parent' in channel ? channel.parent : null;
  const here = [channelId, parent?.id, parent?.parentId].filter((id) => typeof id === 'string');
  const isOpen =
    allowedChannelIds.length === 0 ||
    here.some((id) => id === galleryChannelId || allowedChannelIds.includes(id));
  if (!isOpen) throw new UserError('CHANNEL_CLOSED', refusals.channelClosed(allowedChannelIds));
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
