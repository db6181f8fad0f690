/** @file Queries: publishing pictures in the galleries of servers, with the consent of every subject's owner, and back. */
import { and, asc, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { galleryPostSubjects } from '../schema/gallery-post-subjects.ts';
import { type GalleryPost, type GalleryPostStatus, galleryPosts } from '../schema/gallery-posts.ts';
import { renditions } from '../schema/renditions.ts';
import { reports } from '../schema/reports.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { onlyRow } from './errors.ts';
import { ensureGuild, getGuildSettings } from './guilds.ts';
import { requestMirrors, startMirror } from './outbox-deliveries.ts';
import { lockSubjectsInPicture, renditionsWith } from './rendition-subjects.ts';
import { ensureUser } from './users.ts';

/** A picture to publish. */
export interface NewGalleryPost {
  readonly renditionId: string;
  readonly pictureIndex: number;
  readonly guildId: string;
  readonly authorId: string;
  readonly style: string | null;
  /** Where owners of others' subjects are asked. */
  readonly askInChannelId: string;
}

/**
 * `published`, `asked`: now so, by this call. `already`: it was, and stays as it is. `denied`: moderators took it down.
 * `gone`: it was deleted, or a subject in it.
 */
export type PublishResult =
  | { readonly outcome: 'published' | 'asked' | 'already'; readonly post: GalleryPost }
  | { readonly outcome: 'denied' }
  | { readonly outcome: 'gone' };

/** Of a post that is published from now on. */
const nowPublished = {
  status: 'published',
  publishedAt: sql`now()`,
  publishedDay: sql`floor(extract(epoch from now()) / 86400)::int`,
} as const;

/**
 * Publishes a picture, or asks the owners of others' subjects in it, each time anew. One picture is one post, however
 * often somebody presses the button.
 */
export async function publishPost(db: Db, wanted: NewGalleryPost): Promise<PublishResult> {
  const { renditionId, pictureIndex, guildId, authorId, style, askInChannelId } = wanted;
  return db.transaction(async (tx): Promise<PublishResult> => {
    await ensureUser(tx, authorId);
    await ensureGuild(tx, guildId);
    const shown = await lockSubjectsInPicture(tx, renditionId);
    if (shown.some(({ deletedAt }) => deletedAt !== null)) return { outcome: 'gone' };
    const [rendition] = await tx
      .select({ deletedAt: renditions.deletedAt })
      .from(renditions)
      .where(eq(renditions.id, renditionId))
      .for('share');
    if (!rendition || rendition.deletedAt !== null) return { outcome: 'gone' };
    const mustAsk = shown.some(({ ownerId }) => ownerId !== authorId);
    const isDenied = await tx.$count(
      reports,
      and(eq(reports.renditionId, renditionId), eq(reports.status, 'denied')),
    );
    if (isDenied > 0) return { outcome: 'denied' };
    const [created] = await tx
      .insert(galleryPosts)
      .values({ renditionId, pictureIndex, guildId, authorId, style, status: 'withdrawn' })
      .onConflictDoNothing({ target: [galleryPosts.renditionId, galleryPosts.pictureIndex] })
      .returning();
    const post = created ?? (await lockPicture(tx, renditionId, pictureIndex));
    if (post.status === 'denied') return { outcome: 'denied' };
    if (post.status === 'published' || post.status === 'asked') return { outcome: 'already', post };
    await tx.delete(galleryPostSubjects).where(eq(galleryPostSubjects.postId, post.id));
    if (shown.length > 0) {
      await tx.insert(galleryPostSubjects).values(
        shown.map(({ id, ownerId }) => ({
          subjectId: id,
          postId: post.id,
          guildId,
          allowedAt: ownerId === authorId ? sql`now()` : null,
        })),
      );
    }
    const changed = mustAsk
      ? await ask(tx, post, askInChannelId)
      : await publish(tx, { ...post, guildId });
    return { outcome: mustAsk ? 'asked' : 'published', post: changed };
  });
}

async function ask(tx: Db, post: GalleryPost, channelId: string): Promise<GalleryPost> {
  const asked = await change(tx, post.id, { status: 'asked' });
  // A question anew, not another word in one that may be far up.
  const mirror = { kind: 'publish-request', refId: post.id, userId: post.authorId } as const;
  await startMirror(tx, { ...mirror, channelId });
  return asked;
}

async function publish(tx: Db, post: GalleryPost): Promise<GalleryPost> {
  const { galleryChannelId } = await getGuildSettings(tx, post.guildId);
  const published = await change(tx, post.id, {
    ...nowPublished,
    // Where the message of the last time is still there, it serves again.
    ...(post.messageId === null ? { channelId: galleryChannelId } : {}),
  });
  await mirrorPosts(tx, [published]);
  return published;
}

/**
 * An owner of a subject in the picture says yes or no.
 *
 * @returns `waiting`: another owner has still to say; `over`: it was decided already; `not-owner`: it shows no subject
 *   of theirs
 */
export async function answerPublishRequest(
  db: Db,
  where: { postId: string; ownerId: string },
  isAllowed: boolean,
): Promise<'missing' | 'not-owner' | 'over' | 'refused' | 'waiting' | 'published'> {
  return db.transaction(async (tx) => {
    const shown = await lockSubjectsOfPost(tx, where.postId);
    const post = await lockPost(tx, where.postId);
    if (!post) return 'missing';
    const own = shown.filter(({ ownerId }) => ownerId === where.ownerId);
    if (own.length === 0) return 'not-owner';
    if (post.status !== 'asked') return 'over';
    await mirrorRequests(tx, [post]);
    if (!isAllowed) {
      await change(tx, post.id, { status: 'refused' });
      return 'refused';
    }
    const of = (subjectIds: readonly string[]) =>
      and(
        eq(galleryPostSubjects.postId, post.id),
        inArray(galleryPostSubjects.subjectId, [...subjectIds]),
      );
    await tx
      .update(galleryPostSubjects)
      .set({ allowedAt: sql`now()` })
      .where(of(own.map(({ id }) => id)));
    const open = await tx.$count(
      galleryPostSubjects,
      and(eq(galleryPostSubjects.postId, post.id), isNull(galleryPostSubjects.allowedAt)),
    );
    if (open > 0) return 'waiting';
    await publish(tx, post);
    return 'published';
  });
}

/** Who takes a post out of its gallery. */
export type Withdrawer =
  | { readonly userId: string }
  /** For good. */
  | { readonly moderatorOfGuildId: string; readonly userId: string };

/**
 * Takes a post out of its gallery, for its author, for the owner of a subject in it, or for a moderator of its server.
 *
 * @returns the post as it is now, or why not
 */
export async function withdrawPost(
  db: Db,
  postId: string,
  by: Withdrawer,
): Promise<GalleryPost | 'missing' | 'not-allowed'> {
  return db.transaction(async (tx) => {
    const shown = await lockSubjectsOfPost(tx, postId);
    const post = await lockPost(tx, postId);
    if (!post || (post.status !== 'published' && post.status !== 'asked')) return 'missing';
    const isTheirs =
      post.authorId === by.userId || shown.some(({ ownerId }) => ownerId === by.userId);
    const isModerator = 'moderatorOfGuildId' in by && by.moderatorOfGuildId === post.guildId;
    if (!isTheirs && !isModerator) return 'not-allowed';
    return takeDown(tx, post, isTheirs ? 'withdrawn' : 'denied');
  });
}

/** Takes a post down for good, inside the transaction in which moderators decide so; whatever state it is in. */
export async function denyPost(tx: Db, postId: string): Promise<void> {
  const post = await lockPost(tx, postId);
  if (post) await takeDown(tx, post, 'denied');
}

async function takeDown(
  tx: Db,
  post: GalleryPost,
  status: Extract<GalleryPostStatus, 'withdrawn' | 'denied'>,
): Promise<GalleryPost> {
  const down = await change(tx, post.id, { status });
  if (post.status === 'asked') await mirrorRequests(tx, [down]);
  else await mirrorPosts(tx, [down]);
  await mirrorReports(tx, eq(reports.postId, post.id));
  return down;
}

/** Takes down every post of a subject, inside the transaction that deletes it; their messages follow by the outbox. */
export async function withdrawPostsOfSubject(tx: Db, subjectId: string): Promise<void> {
  const ids = tx
    .select({ id: galleryPostSubjects.postId })
    .from(galleryPostSubjects)
    .where(eq(galleryPostSubjects.subjectId, subjectId));
  await withdrawAll(tx, inArray(galleryPosts.id, ids));
  const shown = inArray(reports.renditionId, renditionsWith(tx, subjectId));
  await mirrorReports(tx, or(inArray(reports.postId, ids), shown));
}

/** Takes down every post of a rendition, likewise. */
export async function withdrawPostsOfRendition(tx: Db, renditionId: string): Promise<void> {
  const which = eq(galleryPosts.renditionId, renditionId);
  await withdrawAll(tx, which);
  const ids = tx.select({ id: galleryPosts.id }).from(galleryPosts).where(which);
  await mirrorReports(tx, or(inArray(reports.postId, ids), eq(reports.renditionId, renditionId)));
}

async function withdrawAll(tx: Db, which: SQL): Promise<void> {
  const withdraw = (status: GalleryPostStatus) =>
    tx
      .update(galleryPosts)
      .set({ status: 'withdrawn' })
      .where(and(which, eq(galleryPosts.status, status)))
      .returning();
  await mirrorPosts(tx, await withdraw('published'));
  await mirrorRequests(tx, await withdraw('asked'));
}

/** Has the messages of posts follow what became of them. */
async function mirrorPosts(tx: Db, posts: readonly GalleryPost[]): Promise<void> {
  await requestMirrors(
    tx,
    posts.map(({ id, channelId, authorId }) => ({
      kind: 'gallery-post',
      refId: id,
      channelId: channelId ?? '',
      userId: authorId,
    })),
  );
}

/** Has the questions to owners follow, where they were posted. */
async function mirrorRequests(tx: Db, posts: readonly GalleryPost[]): Promise<void> {
  await requestMirrors(
    tx,
    posts.map(({ id, authorId }) => ({
      kind: 'publish-request',
      refId: id,
      channelId: '',
      userId: authorId,
    })),
  );
}

/** Has moderators' open cards follow: they show no picture that was taken back. */
async function mirrorReports(tx: Db, which: SQL | undefined): Promise<void> {
  const open = await tx
    .select({ id: reports.id, reporterId: reports.reporterId })
    .from(reports)
    .where(and(which, eq(reports.status, 'open')));
  await requestMirrors(
    tx,
    open.map(({ id, reporterId }) => ({
      kind: 'report',
      refId: id,
      channelId: '',
      userId: reporterId,
    })),
  );
}

async function change(
  tx: Db,
  postId: string,
  values: Parameters<ReturnType<Db['update']>['set']>[0],
): Promise<GalleryPost> {
  return onlyRow(
    await tx.update(galleryPosts).set(values).where(eq(galleryPosts.id, postId)).returning(),
  );
}

async function lockPost(tx: Db, postId: string): Promise<GalleryPost | undefined> {
  const [post] = await tx
    .select()
    .from(galleryPosts)
    .where(eq(galleryPosts.id, postId))
    .for('update');
  return post;
}

async function lockPicture(
  tx: Db,
  renditionId: string,
  pictureIndex: number,
): Promise<GalleryPost> {
  return onlyRow(
    await tx
      .select()
      .from(galleryPosts)
      .where(
        and(eq(galleryPosts.renditionId, renditionId), eq(galleryPosts.pictureIndex, pictureIndex)),
      )
      .for('update'),
  );
}

/** Keeps the post's subjects from being deleted until the transaction ends. */
async function lockSubjectsOfPost(tx: Db, postId: string): Promise<Subject[]> {
  const ids = tx
    .select({ id: galleryPostSubjects.subjectId })
    .from(galleryPostSubjects)
    .where(eq(galleryPostSubjects.postId, postId));
  return tx
    .select()
    .from(subjects)
    .where(inArray(subjects.id, ids))
    .orderBy(asc(subjects.id))
    .for('share');
}
