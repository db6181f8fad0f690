/** @file Queries: guilds. */
import { sql } from 'drizzle-orm';
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
