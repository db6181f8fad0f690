/** @file Queries: published pictures one by one; pages of them are in gallery-pages.ts. */
import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { galleryPostSubjects } from '../schema/gallery-post-subjects.ts';
import { type GalleryPost, galleryPosts } from '../schema/gallery-posts.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';

/** A post with what a view shows of it. */
export interface GalleryItem {
  readonly post: GalleryPost;
  readonly rendition: Rendition;
  /** Those in the picture, in an order that is always the same. */
  readonly subjects: readonly Pick<Subject, 'id' | 'name' | 'classNoun' | 'ownerId'>[];
}

/** Takes down a post whose message somebody deleted, so that nobody posts it again. */
export async function withdrawLostPost(db: Db, postId: string): Promise<void> {
  await db
    .update(galleryPosts)
    .set({ status: 'withdrawn', messageId: null })
    .where(and(eq(galleryPosts.id, postId), eq(galleryPosts.status, 'published')));
}

/** Remembers which message shows the post; null once there is none. */
export async function setPostMessage(
  db: Db,
  postId: string,
  message: { channelId: string; messageId: string } | null,
): Promise<void> {
  await db
    .update(galleryPosts)
    .set(message ?? { channelId: null, messageId: null })
    .where(eq(galleryPosts.id, postId));
}

/** @returns the post, whatever its state */
export async function getPost(db: Db, postId: string): Promise<GalleryPost | undefined> {
  const [post] = await db.select().from(galleryPosts).where(eq(galleryPosts.id, postId));
  return post;
}

/** @returns the post that a message shows */
export async function findPostByMessage(
  db: Db,
  messageId: string,
): Promise<GalleryPost | undefined> {
  const [post] = await db.select().from(galleryPosts).where(eq(galleryPosts.messageId, messageId));
  return post;
}

/** @returns published posts that have a message, of so many last days and at most so many, newest first */
export async function listShownPosts(
  db: Db,
  { limit, days }: { limit: number; days: number },
): Promise<Pick<GalleryPost, 'id' | 'channelId' | 'messageId'>[]> {
  // The newest are found by their ids first, so that no more are looked at, however many there are.
  const newest = db
    .select()
    .from(galleryPosts)
    .where(and(eq(galleryPosts.status, 'published'), isNotNull(galleryPosts.messageId)))
    .orderBy(desc(galleryPosts.id))
    .limit(limit)
    .as('newest');
  return db
    .select({ id: newest.id, channelId: newest.channelId, messageId: newest.messageId })
    .from(newest)
    .where(gte(newest.publishedAt, sql`now() - make_interval(days => ${days})`))
    .orderBy(desc(newest.id));
}

/** @returns the posts with what views show of them, in the order of the ids */
export async function getGalleryItems(db: Db, postIds: readonly string[]): Promise<GalleryItem[]> {
  if (postIds.length === 0) return [];
  const rows = await db
    .select({ post: galleryPosts, rendition: renditions })
    .from(galleryPosts)
    .innerJoin(renditions, eq(renditions.id, galleryPosts.renditionId))
    .where(inArray(galleryPosts.id, [...postIds]));
  const shown = await db
    .select({
      postId: galleryPostSubjects.postId,
      id: subjects.id,
      name: subjects.name,
      classNoun: subjects.classNoun,
      ownerId: subjects.ownerId,
    })
    .from(galleryPostSubjects)
    .innerJoin(subjects, eq(subjects.id, galleryPostSubjects.subjectId))
    .where(inArray(galleryPostSubjects.postId, [...postIds]))
    .orderBy(asc(subjects.id));
  return postIds.flatMap((id) => {
    const row = rows.find(({ post }) => post.id === id);
    return row ? [{ ...row, subjects: shown.filter(({ postId }) => postId === id) }] : [];
  });
}

/** @returns posts that wait for this owner's answer, newest first, in whatever server */
export async function listPublishRequests(
  db: Db,
  ownerId: string,
  limit: number,
): Promise<GalleryItem[]> {
  const rows = await db
    .selectDistinct({ id: galleryPosts.id })
    .from(subjects)
    .innerJoin(galleryPostSubjects, eq(galleryPostSubjects.subjectId, subjects.id))
    .innerJoin(galleryPosts, eq(galleryPosts.id, galleryPostSubjects.postId))
    .where(
      and(
        eq(subjects.ownerId, ownerId),
        isNull(subjects.deletedAt),
        isNull(galleryPostSubjects.allowedAt),
        eq(galleryPosts.status, 'asked'),
      ),
    )
    .orderBy(desc(galleryPosts.id))
    .limit(limit);
  return getGalleryItems(
    db,
    rows.map(({ id }) => id),
  );
}

/** @returns how many pictures of the subject are in galleries now */
export async function countPublishedPictures(db: Db, subjectId: string): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(galleryPostSubjects)
    .innerJoin(galleryPosts, eq(galleryPosts.id, galleryPostSubjects.postId))
    .where(and(eq(galleryPostSubjects.subjectId, subjectId), eq(galleryPosts.status, 'published')));
  return row?.count ?? 0;
}

/** @returns how many pictures of a rendition are in galleries now */
export async function countPublishedOfRendition(db: Db, renditionId: string): Promise<number> {
  return db.$count(
    galleryPosts,
    and(eq(galleryPosts.renditionId, renditionId), eq(galleryPosts.status, 'published')),
  );
}

/** @returns whether the picture of the rendition, or any of them, is in the gallery of the guild now */
export async function isPublishedIn(
  db: Db,
  where: { renditionId: string; guildId: string; pictureIndex?: number | undefined },
): Promise<boolean> {
  const count = await db.$count(
    galleryPosts,
    and(
      eq(galleryPosts.renditionId, where.renditionId),
      eq(galleryPosts.guildId, where.guildId),
      where.pictureIndex === undefined
        ? undefined
        : eq(galleryPosts.pictureIndex, where.pictureIndex),
      eq(galleryPosts.status, 'published'),
    ),
  );
  return count > 0;
}
