/** @file The data key of a user, wrapped, as storage takes it: from their row, or made for their first picture. */
import type { Db } from '#db/client.ts';
import { getDataKey, setDataKeyIfAbsent } from '#db/queries/users.ts';
import { createDataKey, type MasterKey } from '#storage/keys.ts';
import { JobFailure } from './failures.ts';

/**
 * @returns the wrapped key of a user who has stored files
 * @throws {JobFailure} `FILE_MISSING` when it was deleted, and with it the sense of all those files
 */
export async function requireDataKey(db: Db, userId: string): Promise<Uint8Array> {
  const key = await getDataKey(db, userId);
  if (!key) throw new JobFailure('FILE_MISSING');
  return key.wrappedDataKey;
}

/** @returns the wrapped key of a user, made where there was none: who renders another's subject may have none yet */
export async function ensureDataKey(
  db: Db,
  masterKey: MasterKey,
  userId: string,
): Promise<Uint8Array> {
  const existing = await getDataKey(db, userId);
  if (existing) return existing.wrappedDataKey;
  const { wrapped, masterKeyId } = createDataKey(masterKey);
  const stored = await setDataKeyIfAbsent(db, userId, {
    wrappedDataKey: wrapped,
    keyId: masterKeyId,
  });
  return stored.wrappedDataKey;
}
