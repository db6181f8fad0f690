/** @file The language of what the bot posts by itself. */
import type { Db } from '#db/client.ts';
import { getGuildSettings } from '#db/queries/guilds.ts';
import { getUserLocale } from '#db/queries/users.ts';
import { inLocale } from './say.ts';

/** Where something was asked for; by whom, where that may be a direct message (guild null). */
interface AskedAt {
  readonly guildId: string | null;
  readonly userId?: string;
}

/** Does the work in the language that the server's admins chose, or that the user last spoke in direct messages. */
export async function inPublicLocale<T>(
  db: Db,
  { guildId, userId }: AskedAt,
  work: () => T | Promise<T>,
): Promise<T> {
  const locale =
    guildId === null && userId !== undefined
      ? await getUserLocale(db, userId)
      : (await getGuildSettings(db, guildId)).locale;
  return inLocale(locale, work);
}
