/** @file Queries: guilds and what their admins have set. */
import { eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Guild, guilds } from '../schema/guilds.ts';
import { onlyRow } from './errors.ts';

/** Records a guild, or its new name. */
export async function upsertGuild(db: Db, guild: { id: string; name?: string }): Promise<Guild> {
  const rows = await db
    .insert(guilds)
    .values(guild)
    .onConflictDoUpdate({
      target: guilds.id,
      set: { name: sql`coalesce(excluded.name, ${guilds.name})` },
    })
    .returning();
  return onlyRow(rows);
}

/** Makes sure that rows can refer to the guild; null stands for a direct message. */
export async function ensureGuild(db: Db, guildId: string | null): Promise<void> {
  if (guildId !== null) await db.insert(guilds).values({ id: guildId }).onConflictDoNothing();
}

/** What the admins of a guild can set. */
export type GuildSettings = Pick<
  Guild,
  | 'galleryChannelId'
  | 'moderatorChannelId'
  | 'hallOfFameThreshold'
  | 'allowedChannelIds'
  | 'allowedRoleIds'
  | 'locale'
>;

/** Of a guild whose admins have set nothing: the same as the columns' defaults. */
export const defaultGuildSettings: GuildSettings = {
  galleryChannelId: null,
  moderatorChannelId: null,
  hallOfFameThreshold: 5,
  allowedChannelIds: [],
  allowedRoleIds: [],
  locale: 'en-US',
};

/** @returns what is set in the guild; the defaults for null, a direct message */
export async function getGuildSettings(db: Db, guildId: string | null): Promise<GuildSettings> {
  if (guildId === null) return defaultGuildSettings;
  const [guild] = await db.select().from(guilds).where(eq(guilds.id, guildId));
  return guild ?? defaultGuildSettings;
}

/** Lists that grow and shrink by one. */
export type GuildList = 'allowedChannelIds' | 'allowedRoleIds';

/** Sets what is given, and leaves the rest. */
export async function changeGuildSettings(
  db: Db,
  guildId: string,
  changes: Partial<GuildSettings>,
): Promise<GuildSettings> {
  const rows = await db
    .insert(guilds)
    .values({ id: guildId, ...changes })
    .onConflictDoUpdate({ target: guilds.id, set: { id: guildId, ...changes } })
    .returning();
  return onlyRow(rows);
}

/**
 * Adds to a list and removes from it, whoever else changes it at the same time.
 *
 * @returns undefined where the list would become longer than `maxLength`; nothing changes then
 */
export async function changeGuildList(
  db: Db,
  guildId: string,
  list: GuildList,
  change: { reset?: boolean; add?: string | undefined; remove?: string | undefined },
  maxLength: number,
): Promise<GuildSettings | undefined> {
  return db.transaction(async (tx) => {
    await ensureGuild(tx, guildId);
    const guild = onlyRow(
      await tx.select().from(guilds).where(eq(guilds.id, guildId)).for('update'),
    );
    const before = change.reset ? [] : guild[list];
    const kept = before.filter((id) => id !== change.remove && id !== change.add);
    const ids = change.add === undefined ? kept : [...kept, change.add];
    if (ids.length > maxLength) return undefined;
    return changeGuildSettings(tx, guildId, { [list]: ids });
  });
}
