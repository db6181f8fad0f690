/** @file What must hold before a request is taken: where it came from, and what the bot may do there. */
import { type BaseInteraction, PermissionFlagsBits } from 'discord.js';
import type { Asker } from '#db/queries/grantees.ts';
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
  if (guildId !== null) {
    const missing = needed.filter(([, bit]) => !interaction.appPermissions.has(bit));
    if (missing.length > 0) {
      throw new UserError('CANNOT_POST', refusals.cannotPost(missing.map(([name]) => name)));
    }
  }
  return { ...askerOf(interaction), channelId };
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
