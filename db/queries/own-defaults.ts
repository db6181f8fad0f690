/** @file Queries: what a user wants of `/imagine` where its options say nothing. */
import { eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import {
  type DefaultableSetting,
  type OwnDefaults,
  ownDefaultsSchema,
} from '../jobs/render-prompt.ts';
import { users } from '../schema/users.ts';
import { ensureUser } from './users.ts';

/** @returns the user's own defaults, empty where there are none */
export async function getOwnDefaults(db: Db, userId: string): Promise<OwnDefaults> {
  const [row] = await db
    .select({ defaults: users.renditionDefaults })
    .from(users)
    .where(eq(users.id, userId));
  return ownDefaultsSchema.parse(row?.defaults ?? {});
}

/**
 * Changes some of them; two changes at once both count.
 *
 * @returns all of them as they are afterwards
 */
export async function changeOwnDefaults(
  db: Db,
  userId: string,
  change: OwnDefaults,
): Promise<OwnDefaults> {
  const changed = JSON.stringify(ownDefaultsSchema.parse(change));
  await ensureUser(db, userId);
  await db
    .update(users)
    .set({
      renditionDefaults: sql`coalesce(${users.renditionDefaults}, '{}') || ${changed}::jsonb`,
    })
    .where(eq(users.id, userId));
  return getOwnDefaults(db, userId);
}

/**
 * Forgets one of them, or all.
 *
 * @returns those that are left
 */
export async function forgetOwnDefaults(
  db: Db,
  userId: string,
  which: DefaultableSetting | 'all',
): Promise<OwnDefaults> {
  await db
    .update(users)
    .set({
      renditionDefaults: which === 'all' ? null : sql`${users.renditionDefaults} - ${which}::text`,
    })
    .where(eq(users.id, userId));
  return getOwnDefaults(db, userId);
}
