/** @file Queries: the galleries of servers. */
import { and, asc, desc, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type GalleryPost, galleryPosts } from '../schema/gallery-posts.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { onlyRow } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { renditionsWith } from './rendition-subjects.ts';
import { ensureUser } from './users.ts';

/** A picture to publish. */
export interface NewGalleryPost {
  readonly renditionId: string;
  readonly pictureIndex: number;
  readonly guildId: string;
  readonly authorId: string;
  readonly subjectId: string | null;
  readonly channelId?: string;
  readonly messageId?: string;
}

/** `already`: it is published; `again`: it had been withdrawn and is back. */
export type PublishedPost = {
  readonly outcome: 'created' | 'again' | 'already';
  readonly post: GalleryPost;
};

/** Publishes a picture. One picture is one post, however often somebody presses the button. */
export async function publishPost(db: Db, post: NewGalleryPost): Promise<PublishedPost> {
  return db.transaction(async (tx): Promise<PublishedPost> => {
    await ensureUser(tx, post.authorId);
    await ensureGuild(tx, post.guildId);
    const [created] = await tx
      .insert(galleryPosts)
      .values(post)
      .onConflictDoNothing({ target: [galleryPosts.renditionId, galleryPosts.pictureIndex] })
      .returning();
    if (created) return { outcome: 'created', post: created };
    const same = and(
      eq(galleryPosts.renditionId, post.renditionId),
      eq(galleryPosts.pictureIndex, post.pictureIndex),
    );
    const existing = onlyRow(await tx.select().from(galleryPosts).where(same).for('update'));
    if (existing.unpublishedAt === null) return { outcome: 'already', post: existing };
    const again = onlyRow(
      await tx
        .update(galleryPosts)
        .set({
          unpublishedAt: null,
          guildId: post.guildId,
          channelId: post.channelId ?? null,
          messageId: post.messageId ?? null,
        })
        .where(same)
        .returning(),
    );
    return { outcome: 'again', post: again };
  });
}

/** Remembers which message shows the post. */
export async function setPostMessage(
  db: Db,
  postId: string,
  message: { channelId: string; messageId: string },
): Promise<void> {
  await db.update(galleryPosts).set(message).where(eq(galleryPosts.id, postId));
}

/** @returns the post, published or not */
export async function getPost(db: Db, postId: string): Promise<GalleryPost | undefined> {
  const [post] = await db.select().from(galleryPosts).where(eq(galleryPosts.id, postId));
  return post;
}

/**
 * Withdraws a post.
 *
 * @param by the author, or a moderator of the post's guild
 * @returns the post, or undefined where there is none that this person may withdraw
 */
export async function unpublishPost(
  db: Db,
  postId: string,
  by: { authorId: string } | { moderatorOfGuildId: string },
): Promise<GalleryPost | undefined> {
  const [post] = await db
    .update(galleryPosts)
    .set({ unpublishedAt: sql`now()` })
    .where(
      and(
        eq(galleryPosts.id, postId),
        isNull(galleryPosts.unpublishedAt),
        'authorId' in by
          ? eq(galleryPosts.authorId, by.authorId)
          : eq(galleryPosts.guildId, by.moderatorOfGuildId),
      ),
    )
    .returning();
  return post;
}

/** Withdraws every post of a subject, inside the transaction that deletes it. */
export async function unpublishPostsOfSubject(tx: Db, subjectId: string): Promise<WithdrawnPost[]> {
  const shown = inArray(galleryPosts.renditionId, renditionsWith(tx, subjectId));
  return unpublishWhere(tx, or(eq(galleryPosts.subjectId, subjectId), shown));
}

/** Withdraws every post of a rendition, inside the transaction that deletes it. */
export async function unpublishPostsOfRendition(
  tx: Db,
  renditionId: string,
): Promise<WithdrawnPost[]> {
  return unpublishWhere(tx, eq(galleryPosts.renditionId, renditionId));
}

/** @returns how many pictures of a rendition are in galleries now */
export async function countPublishedOfRendition(db: Db, renditionId: string): Promise<number> {
  return db.$count(
    galleryPosts,
    and(eq(galleryPosts.renditionId, renditionId), isNull(galleryPosts.unpublishedAt)),
  );
}

/** A withdrawn post, with the message that shows it, if one does. */
type WithdrawnPost = Pick<GalleryPost, 'id' | 'channelId' | 'messageId'>;

async function unpublishWhere(tx: Db, which: SQL | undefined): Promise<WithdrawnPost[]> {
  return tx
    .update(galleryPosts)
    .set({ unpublishedAt: sql`now()` })
    .where(and(which, isNull(galleryPosts.unpublishedAt)))
    .returning({
      id: galleryPosts.id,
      channelId: galleryPosts.channelId,
      messageId: galleryPosts.messageId,
    });
}

/** A post with what a view shows of it. */
export interface GalleryItem {
  readonly post: GalleryPost;
  readonly rendition: Rendition;
  readonly subject: Subject | null;
}

/** A page, newest first. */
export interface GalleryPage {
  readonly items: readonly GalleryItem[];
  /** Pass as `before` for the next page; undefined on the last. */
  readonly olderThan: string | undefined;
  /** Pass as `after` for the previous page; undefined on the first. */
  readonly newerThan: string | undefined;
}

/**
 * Reads a page of a server's gallery, without deleted subjects. Pages are told by post ids, so they stay right while others publish.
 *
 * @param where.before posts older than this id · @param where.after posts newer than it; give one or none
 */
export async function listGalleryPage(
  db: Db,
  where: {
    guildId: string;
    authorId?: string;
    subjectId?: string;
    before?: string;
    after?: string;
    limit?: number;
  },
): Promise<GalleryPage> {
  const limit = where.limit ?? 6;
  const forwards = where.after === undefined;
  const rows: GalleryItem[] = await db
    .select({ post: galleryPosts, rendition: renditions, subject: subjects })
    .from(galleryPosts)
    .innerJoin(renditions, eq(renditions.id, galleryPosts.renditionId))
    .leftJoin(subjects, eq(subjects.id, galleryPosts.subjectId))
    .where(
      and(
        eq(galleryPosts.guildId, where.guildId),
        isNull(galleryPosts.unpublishedAt),
        // A picture may be published in the very moment in which its subject is deleted.
        isNull(subjects.deletedAt),
        where.authorId === undefined ? undefined : eq(galleryPosts.authorId, where.authorId),
        where.subjectId === undefined ? undefined : eq(galleryPosts.subjectId, where.subjectId),
        where.before === undefined ? undefined : lt(galleryPosts.id, where.before),
        where.after === undefined ? undefined : gt(galleryPosts.id, where.after),
      ),
    )
    .orderBy(forwards ? desc(galleryPosts.id) : asc(galleryPosts.id))
    .limit(limit + 1);
  const more = rows.length > limit;
  const items = rows.slice(0, limit);
  if (!forwards) items.reverse();
  const first = items[0]?.post.id;
  const last = items.at(-1)?.post.id;
  return {
    items,
    olderThan: forwards && !more ? undefined : last,
    newerThan: forwards
      ? where.before === undefined
        ? undefined
        : first
      : more
        ? first
        : undefined,
  };
}
