/** @file The language of what everybody in a server sees. */
import type { Db } from '#db/client.ts';
import { getGuildSettings } from '#db/queries/guilds.ts';
import { inLocale } from './say.ts';

/** Does the work in the language that the server's admins chose; English in direct messages (guild null). */
export async function inGuildLocale<T>(
  db: Db,
  guildId: string | null,
  work: () => T | Promise<T>,
): Promise<T> {
  const { locale } = await getGuildSettings(db, guildId);
  return inLocale(locale, work);
}
