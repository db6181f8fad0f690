/** @file Queries: pictures that renditions start from, until they are over. */
import { and, eq, isNotNull, notInArray } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { renditions } from '../schema/renditions.ts';
import { openStatuses } from '../schema/status.ts';

/** @returns start pictures that their renditions need no more: delete the files, then {@link forgetStartFile} */
export async function listUsedStartFiles(
  db: Db,
  limit = 100,
): Promise<{ renditionId: string; fileId: string }[]> {
  const rows = await db
    .select({ renditionId: renditions.id, fileId: renditions.startFileId })
    .from(renditions)
    .where(and(isNotNull(renditions.startFileId), notInArray(renditions.status, [...openStatuses])))
    .limit(limit);
  return rows.flatMap(({ renditionId, fileId }) => (fileId ? [{ renditionId, fileId }] : []));
}

/** Forgets a start picture whose file is gone. */
export async function forgetStartFile(db: Db, renditionId: string): Promise<void> {
  await db.update(renditions).set({ startFileId: null }).where(eq(renditions.id, renditionId));
}

/** @returns whether a rendition has the file as its start picture */
export async function isStartFile(db: Db, fileId: string): Promise<boolean> {
  return (await db.$count(renditions, eq(renditions.startFileId, fileId))) > 0;
}
