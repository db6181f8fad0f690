/** @file Queries: users and their data keys. */
import { and, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { Locale } from '../schema/guilds.ts';
import { type User, users } from '../schema/users.ts';
import { onlyRow } from './errors.ts';

/** A user's data key as stored: encrypted by the deployment key that `keyId` names. */
export interface WrappedDataKey {
  readonly wrappedDataKey: Uint8Array;
  readonly keyId: string;
}

/** Records a user, or their new name. */
export async function upsertUser(db: Db, user: { id: string; name?: string }): Promise<User> {
  const rows = await db
    .insert(users)
    .values(user)
    .onConflictDoUpdate({
      target: users.id,
      set: { name: sql`coalesce(excluded.name, ${users.name})` },
    })
    .returning();
  return onlyRow(rows);
}

/** Makes sure that rows can refer to the user. */
export async function ensureUser(db: Db, userId: string): Promise<void> {
  await db.insert(users).values({ id: userId }).onConflictDoNothing();
}

/** @returns the user's wrapped data key, or undefined where there is none (yet, or any more) */
export async function getDataKey(db: Db, userId: string): Promise<WrappedDataKey | undefined> {
  const [row] = await db
    .select({ wrappedDataKey: users.wrappedDataKey, keyId: users.dataKeyId })
    .from(users)
    .where(eq(users.id, userId));
  if (!row?.wrappedDataKey || row.keyId === null) return undefined;
  return { wrappedDataKey: row.wrappedDataKey, keyId: row.keyId };
}

/**
 * Stores a user's first data key, unless another process was faster.
 *
 * @returns the key that stands now, which may be the other's
 */
export async function setDataKeyIfAbsent(
  db: Db,
  userId: string,
  key: WrappedDataKey,
): Promise<WrappedDataKey> {
  await ensureUser(db, userId);
  await db
    .update(users)
    .set({ wrappedDataKey: key.wrappedDataKey, dataKeyId: key.keyId })
    .where(and(eq(users.id, userId), isNull(users.wrappedDataKey)));
  const stored = await getDataKey(db, userId);
  if (!stored) throw new Error('data key: vanished while it was being stored');
  return stored;
}

/** Replaces the wrapping after the deployment key changed; false where the old wrapping no longer stands. */
export async function rewrapDataKey(
  db: Db,
  userId: string,
  oldKeyId: string,
  key: WrappedDataKey,
): Promise<boolean> {
  const rows = await db
    .update(users)
    .set({ wrappedDataKey: key.wrappedDataKey, dataKeyId: key.keyId })
    .where(and(eq(users.id, userId), eq(users.dataKeyId, oldKeyId)))
    .returning({ id: users.id });
  return rows.length > 0;
}

/** @returns up to `limit` users whose key is wrapped by another deployment key than `keyId` */
export async function listUsersToRewrap(
  db: Db,
  keyId: string,
  limit = 100,
): Promise<{ userId: string; key: WrappedDataKey }[]> {
  const rows = await db
    .select()
    .from(users)
    .where(and(isNotNull(users.wrappedDataKey), ne(users.dataKeyId, keyId)))
    .limit(limit);
  return rows.flatMap((row) =>
    row.wrappedDataKey && row.dataKeyId !== null
      ? [{ userId: row.id, key: { wrappedDataKey: row.wrappedDataKey, keyId: row.dataKeyId } }]
      : [],
  );
}

/** Forgets the user's data key: whatever it encrypted, backups included, is unreadable from now on. */
export async function deleteDataKey(db: Db, userId: string): Promise<void> {
  await db.update(users).set({ wrappedDataKey: null, dataKeyId: null }).where(eq(users.id, userId));
}

/** Chooses what `[V]` means for the user; null lets the sole subject be it. */
export async function setDefaultSubject(
  db: Db,
  userId: string,
  subjectId: string | null,
): Promise<void> {
  await ensureUser(db, userId);
  await db.update(users).set({ defaultSubjectId: subjectId }).where(eq(users.id, userId));
}

/** @returns whether the user lets the bot write to them directly */
export async function getAllowsDirectMessages(db: Db, userId: string): Promise<boolean> {
  const [row] = await db
    .select({ directMessages: users.directMessages })
    .from(users)
    .where(eq(users.id, userId));
  return row?.directMessages ?? false;
}

/** Lets the bot write to the user directly, or no longer. */
export async function setDirectMessages(db: Db, userId: string, allowed: boolean): Promise<void> {
  await db
    .insert(users)
    .values({ id: userId, directMessages: allowed })
    .onConflictDoUpdate({ target: users.id, set: { directMessages: allowed } });
}

/** @returns the language of the user's direct messages; English where they sent none */
export async function getUserLocale(db: Db, userId: string): Promise<Locale> {
  const [row] = await db.select({ locale: users.locale }).from(users).where(eq(users.id, userId));
  return row?.locale ?? 'en-US';
}

/** Sets it; writes nothing where it stays the same. */
export async function rememberLocale(db: Db, userId: string, locale: Locale): Promise<void> {
  await db
    .insert(users)
    .values({ id: userId, locale })
    .onConflictDoUpdate({
      target: users.id,
      set: { locale },
      setWhere: sql`${users.locale} is distinct from ${locale}`,
    });
}
