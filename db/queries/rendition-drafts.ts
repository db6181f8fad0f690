/** @file Queries: renditions that wait for their asker to say which subject is meant. */
import { and, asc, eq, lt, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type RenditionWish, renditionWishSchema } from '../jobs/render-prompt.ts';
import { renditionDrafts } from '../schema/rendition-drafts.ts';
import { onlyRow } from './errors.ts';
import { ensureUser } from './users.ts';

/** How long a question may wait for its answer. */
export const DRAFT_DAYS = 7;

/** @returns the draft's id */
export async function createDraft(db: Db, userId: string, wish: RenditionWish): Promise<string> {
  await ensureUser(db, userId);
  const values = { userId, wish: renditionWishSchema.parse(wish) };
  const { id } = onlyRow(
    await db.insert(renditionDrafts).values(values).returning({ id: renditionDrafts.id }),
  );
  return id;
}

/** @returns what the user asked for, or undefined where there is no such draft of theirs (any more) */
export async function findDraft(
  db: Db,
  where: { draftId: string; userId: string },
): Promise<RenditionWish | undefined> {
  const [draft] = await db
    .select()
    .from(renditionDrafts)
    .where(and(eq(renditionDrafts.id, where.draftId), eq(renditionDrafts.userId, where.userId)));
  return draft && renditionWishSchema.parse(draft.wish);
}

/** Forgets a question that was answered. */
export async function deleteDraft(db: Db, draftId: string): Promise<void> {
  await db.delete(renditionDrafts).where(eq(renditionDrafts.id, draftId));
}

/** @returns questions that nobody answered in {@link DRAFT_DAYS}, oldest first */
export async function listOldDrafts(
  db: Db,
  limit = 100,
): Promise<{ id: string; startFileId: string | undefined }[]> {
  const rows = await db
    .select()
    .from(renditionDrafts)
    .where(lt(renditionDrafts.createdAt, sql`now() - ${DRAFT_DAYS} * interval '1 day'`))
    .orderBy(asc(renditionDrafts.createdAt))
    .limit(limit);
  return rows.map(({ id, wish }) => ({ id, startFileId: wish.startFileId }));
}
