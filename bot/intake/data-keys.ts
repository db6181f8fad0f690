/** @file The data key of a user: from their row, or made for their first file. */
import type { Db } from '#db/client.ts';
import { getDataKey, setDataKeyIfAbsent } from '#db/queries/users.ts';
import { createDataKey, type MasterKey } from '#storage/keys.ts';

/** @returns the user's wrapped data key as storage takes it, made where there was none */
export async function ensureDataKey(
  db: Db,
  masterKey: MasterKey,
  userId: string,
): Promise<Uint8Array> {
  const existing = await findDataKey(db, userId);
  if (existing !== undefined) return existing;
  const { wrapped, masterKeyId } = createDataKey(masterKey);
  const stored = await setDataKeyIfAbsent(db, userId, {
    wrappedDataKey: wrapped,
    keyId: masterKeyId,
  });
  return stored.wrappedDataKey;
}

/** @returns the user's wrapped data key, or undefined where there is none (any more) */
export async function findDataKey(db: Db, userId: string): Promise<Uint8Array | undefined> {
  return (await getDataKey(db, userId))?.wrappedDataKey;
}
