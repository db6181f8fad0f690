/** @file Queries: finding renditions and their pictures, and where they are shown. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { openStatuses } from '../schema/status.ts';
import { listShownSubjects, renditionsWith, type ShownSubject } from './rendition-subjects.ts';

/** @returns the rendition that an interaction made, if it made one */
export async function findRenditionByInteraction(
  db: Db,
  interactionId: string,
): Promise<Rendition | undefined> {
  const [row] = await db
    .select()
    .from(renditions)
    .where(eq(renditions.interactionId, interactionId));
  return row;
}

/** @returns the rendition */
export async function getRendition(db: Db, renditionId: string): Promise<Rendition | undefined> {
  const [row] = await db.select().from(renditions).where(eq(renditions.id, renditionId));
  return row;
}

/** @returns the rendition with its subjects (even deleted ones) and the weights it is drawn with, in the prompt's order */
export async function getRenditionWithSubjects(
  db: Db,
  renditionId: string,
): Promise<{ rendition: Rendition; subjects: readonly ShownSubject[] } | undefined> {
  const rendition = await getRendition(db, renditionId);
  return rendition && { rendition, subjects: await listShownSubjects(db, renditionId) };
}

/** @returns the user's renditions that have pictures, newest first, of one server where it is given */
export async function listFinishedRenditions(
  db: Db,
  where: { userId: string; guildId?: string; limit?: number },
): Promise<Rendition[]> {
  return db
    .select()
    .from(renditions)
    .where(
      and(
        eq(renditions.userId, where.userId),
        eq(renditions.status, 'succeeded'),
        isNotNull(renditions.resultFileIds),
        isNull(renditions.deletedAt),
        where.guildId === undefined ? undefined : eq(renditions.guildId, where.guildId),
      ),
    )
    .orderBy(desc(renditions.id))
    .limit(where.limit ?? 25);
}

const withPicturesOf = (db: Db, subjectId: string) =>
  and(inArray(renditions.id, renditionsWith(db, subjectId)), isNotNull(renditions.resultFileIds));

/** @returns storage ids of every picture that shows the subject, whoever asked for it */
export async function listPicturesOfSubject(db: Db, subjectId: string): Promise<string[]> {
  const rows = await db
    .select({ fileIds: renditions.resultFileIds })
    .from(renditions)
    .where(withPicturesOf(db, subjectId));
  return rows.flatMap(({ fileIds }) => fileIds ?? []);
}

/** Forgets the pictures of a subject, inside the transaction that forgets all its files. */
export async function forgetPicturesOfSubject(tx: Db, subjectId: string): Promise<void> {
  await tx.update(renditions).set({ resultFileIds: null }).where(withPicturesOf(tx, subjectId));
}

/** @returns renditions that have waited or run for some time, oldest first */
export async function listOpenRenditions(
  db: Db,
  options: { olderThanMs: number; limit?: number },
): Promise<Rendition[]> {
  return db
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.status, [...openStatuses]),
        isNull(renditions.deletedAt),
        lt(renditions.createdAt, sql`now() - ${options.olderThanMs} * interval '1 millisecond'`),
      ),
    )
    .orderBy(asc(renditions.createdAt))
    .limit(options.limit ?? 100);
}

/** Remembers which message shows its progress. */
export async function setRenditionProgressMessage(
  db: Db,
  renditionId: string,
  messageId: string,
): Promise<void> {
  await db
    .update(renditions)
    .set({ progressMessageId: messageId })
    .where(eq(renditions.id, renditionId));
}

/** Records where it is shown: where its channel does not take it, that is another one. */
export async function setRenditionMessage(
  db: Db,
  renditionId: string,
  { channelId, messageId }: { channelId: string; messageId: string },
): Promise<void> {
  await db
    .update(renditions)
    .set({ channelId, progressMessageId: messageId })
    .where(eq(renditions.id, renditionId));
}

/** Lists open renditions old enough to have a job; see `listUnqueuedTrainingRuns`. */
export async function listUnqueuedRenditions(
  db: Db,
  options: { olderThanMs?: number; limit?: number } = {},
): Promise<Pick<Rendition, 'id' | 'userId'>[]> {
  return db
    .select({ id: renditions.id, userId: renditions.userId })
    .from(renditions)
    .where(
      and(
        inArray(renditions.status, [...openStatuses]),
        lt(
          renditions.createdAt,
          sql`now() - ${options.olderThanMs ?? 10_000} * interval '1 millisecond'`,
        ),
      ),
    )
    .orderBy(asc(renditions.createdAt))
    .limit(options.limit ?? 500);
}
