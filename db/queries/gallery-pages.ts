/** @file Queries: pages of a server's gallery, filtered and ordered. Each is a short walk of an index, however large the gallery is. */
import { and, asc, desc, eq, gte, isNotNull, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { galleryPostSubjects } from '../schema/gallery-post-subjects.ts';
import { galleryPosts, postAge } from '../schema/gallery-posts.ts';
import { type GalleryItem, getGalleryItems } from './gallery-posts.ts';

/** `newest` first, `hall`: the newest of the hall of fame, else the most votes of so many days. */
export const galleryOrders = ['newest', 'week', 'month', 'all', 'hall'] as const;
/** See {@link galleryOrders}. */
export type GalleryOrder = (typeof galleryOrders)[number];

/** Where a page begins: beyond a post, in the order of the pages. */
export interface GalleryCursor {
  readonly postId: string;
  /** The post's votes when it was shown; 0 where the order does not look at votes. */
  readonly votes: number;
  readonly direction: 'next' | 'previous';
}

/** What of a gallery is wanted. */
export interface GalleryFilter {
  readonly guildId: string;
  readonly order: GalleryOrder;
  readonly authorId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly style?: string | undefined;
  /** Posts of the author that are not, or no longer, published as well. */
  readonly withUnpublished?: boolean | undefined;
}

/** A page. */
export interface GalleryPage {
  readonly items: readonly GalleryItem[];
  /** For the page after; undefined on the last. */
  readonly next: GalleryCursor | undefined;
  /** For the page before; undefined on the first. */
  readonly previous: GalleryCursor | undefined;
}

const daysOf = { week: 7, month: 30 } as const;

/** Reads a page. Pages are told by posts, so they stay right while others publish. */
export async function listGalleryPage(
  db: Db,
  filter: GalleryFilter,
  at: { cursor?: GalleryCursor | undefined; limit?: number } = {},
): Promise<GalleryPage> {
  const { cursor, limit = 4 } = at;
  const rows = await listIds(db, filter, cursor, limit + 1);
  const isBackwards = cursor?.direction === 'previous';
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackwards) page.reverse();
  const items = await getGalleryItems(
    db,
    page.map(({ id }) => id),
  );
  const cursorAt = (
    row: (typeof page)[number] | undefined,
    direction: GalleryCursor['direction'],
  ) => row && { postId: row.id, votes: isByVotes(filter.order) ? row.votes : 0, direction };
  return {
    items,
    next: isBackwards || hasMore ? cursorAt(page.at(-1), 'next') : undefined,
    previous: (isBackwards ? hasMore : cursor) ? cursorAt(page[0], 'previous') : undefined,
  };
}

const isByVotes = (order: GalleryOrder) => order !== 'newest' && order !== 'hall';

async function listIds(
  db: Db,
  filter: GalleryFilter,
  cursor: GalleryCursor | undefined,
  limit: number,
): Promise<{ id: string; votes: number }[]> {
  const { order, subjectId } = filter;
  const isPeriod = order === 'week' || order === 'month';
  // One subject's pictures are few enough to be sorted.
  if (isPeriod && subjectId === undefined) {
    return listBestOfDays(db, filter, daysOf[order], cursor, limit);
  }
  const since = isPeriod
    ? gte(galleryPosts.publishedDay, sql`${today} - ${daysOf[order]} + 1`)
    : undefined;
  if (subjectId !== undefined)
    return listIdsOfSubject(db, { ...filter, subjectId }, since, cursor, limit);
  return db
    .select({ id: galleryPosts.id, votes: galleryPosts.voteCount })
    .from(galleryPosts)
    .where(and(...conditions(filter), since, beyond(order, ofPosts, cursor)))
    .orderBy(...orderBy(order, ofPosts, cursor))
    .limit(limit);
}

/** Looks each post of the subject up by its id: else a whole server's might be read in search of one subject's few. */
async function listIdsOfSubject(
  db: Db,
  filter: GalleryFilter & { subjectId: string },
  since: SQL | undefined,
  cursor: GalleryCursor | undefined,
  limit: number,
): Promise<{ id: string; votes: number }[]> {
  const { order, subjectId, guildId } = filter;
  const post = db
    .select({ votes: galleryPosts.voteCount })
    .from(galleryPosts)
    .where(and(eq(galleryPosts.id, galleryPostSubjects.postId), ...conditions(filter), since))
    .limit(1)
    .as('post');
  const { postId } = galleryPostSubjects;
  const at: Place = { id: postId, votes: sql`${post.votes}`, age: postId };
  return db
    .select({ id: galleryPostSubjects.postId, votes: post.votes })
    .from(galleryPostSubjects)
    .crossJoinLateral(post)
    .where(
      and(
        eq(galleryPostSubjects.subjectId, subjectId),
        eq(galleryPostSubjects.guildId, guildId),
        beyond(order, at, cursor),
      ),
    )
    .orderBy(...orderBy(order, at, cursor))
    .limit(limit);
}

/** The best of some days are among the best of each: one short walk of an index a day. */
async function listBestOfDays(
  db: Db,
  filter: GalleryFilter,
  days: number,
  cursor: GalleryCursor | undefined,
  limit: number,
): Promise<{ id: string; votes: number }[]> {
  const day = db
    .select({ day: sql<number>`day`.as('day') })
    .from(sql`generate_series(${today} - ${days} + 1, ${today}) as day`)
    .as('days');
  const best = db
    .select({ id: galleryPosts.id, votes: galleryPosts.voteCount })
    .from(galleryPosts)
    .where(
      and(
        ...conditions(filter),
        eq(galleryPosts.publishedDay, day.day),
        beyond(filter.order, ofPosts, cursor),
      ),
    )
    .orderBy(...orderBy(filter.order, ofPosts, cursor))
    .limit(limit)
    .as('best');
  const direction = cursor?.direction === 'previous' ? asc : desc;
  return db
    .select({ id: best.id, votes: best.votes })
    .from(day)
    .crossJoinLateral(best)
    .orderBy(direction(best.votes), direction(best.id))
    .limit(limit);
}

/** In UTC days since 1970, by the database's clock. */
const today = sql`floor(extract(epoch from now()) / 86400)::int`;

function conditions({ guildId, order, authorId, style, withUnpublished }: GalleryFilter) {
  return [
    eq(galleryPosts.guildId, guildId),
    withUnpublished ? undefined : eq(galleryPosts.status, 'published'),
    authorId === undefined ? undefined : eq(galleryPosts.authorId, authorId),
    style === undefined ? undefined : eq(galleryPosts.style, style),
    order === 'hall' ? isNotNull(galleryPosts.hallOfFameAt) : undefined,
  ];
}

/** What the pages are ordered by. */
interface Place {
  readonly id: typeof galleryPosts.id | typeof galleryPostSubjects.postId;
  readonly votes: typeof galleryPosts.voteCount | SQL;
  /** Like the id, and indexed, where the order does not look at votes. */
  readonly age: typeof galleryPostSubjects.postId | SQL;
}

const ofPosts: Place = {
  id: galleryPosts.id,
  votes: galleryPosts.voteCount,
  age: postAge(galleryPosts.id),
};

function beyond(
  order: GalleryOrder,
  { id, votes, age }: Place,
  cursor: GalleryCursor | undefined,
): SQL | undefined {
  if (!cursor) return undefined;
  const sign = sql.raw(cursor.direction === 'next' ? '<' : '>');
  return isByVotes(order)
    ? sql`(${votes}, ${id}) ${sign} (${cursor.votes}::int, ${cursor.postId}::uuid)`
    : sql`${age} ${sign} ${cursor.postId}`;
}

function orderBy(
  order: GalleryOrder,
  { id, votes, age }: Place,
  cursor: GalleryCursor | undefined,
): SQL[] {
  const direction = cursor?.direction === 'previous' ? asc : desc;
  return isByVotes(order) ? [direction(votes), direction(id)] : [direction(age)];
}
