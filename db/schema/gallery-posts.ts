/** @file Table: pictures that somebody published, or wants to publish, in their server's gallery. */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, index, integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { guilds } from './guilds.ts';
import { renditions } from './renditions.ts';
import { users } from './users.ts';

/**
 * `asked`: the owner of a subject in it has still to allow it. `refused`: that owner did not. `withdrawn`: the author or
 * a subject's owner took it back, or its message was deleted. `denied`: moderators took it down, for good.
 */
export const galleryPostStatuses = [
  'asked',
  'published',
  'refused',
  'withdrawn',
  'denied',
] as const;
/** See {@link galleryPostStatuses}. */
export type GalleryPostStatus = (typeof galleryPostStatuses)[number];

/**
 * What pages are ordered by from the newest on: the id as text, which sorts like the id. Ordered by the id itself, the
 * primary key would seem the shortest way, and every newer post of all servers would be read in search of one server's.
 */
export const postAge = (id: AnyPgColumn) => sql`(${id}::text) collate "C"`;

export const galleryPosts = pgTable(
  'gallery_posts',
  {
    id: id(),
    renditionId: uuid('rendition_id')
      .notNull()
      .references(() => renditions.id),
    /** Index into the rendition's pictures, from 0. */
    pictureIndex: integer('picture_index').notNull(),
    guildId: snowflake('guild_id')
      .notNull()
      .references(() => guilds.id),
    authorId: snowflake('author_id')
      .notNull()
      .references(() => users.id),
    status: text('status', { enum: galleryPostStatuses }).notNull(),
    /** A key of `bot/styles.ts` that its prompt mentions. */
    style: text('style'),
    /** Of `gallery_votes`. */
    voteCount: integer('vote_count').notNull().default(0),
    /** When it was last published. */
    publishedAt: instant('published_at'),
    /** Days since 1970 in UTC, of `publishedAt`: the best of a week are the best of each of its days. */
    publishedDay: integer('published_day'),
    /** When its votes first reached the server's threshold. */
    hallOfFameAt: instant('hall_of_fame_at'),
    /** The gallery's channel, from the moment it is to be posted there; a forum's post once there is one. */
    channelId: snowflake('channel_id'),
    /** The message that shows it; in a forum its id is the post's. */
    messageId: snowflake('message_id'),
    createdAt: createdAt(),
  },
  (table) => {
    const published = sql`${table.status} = 'published'`;
    const byAge = postAge(table.id);
    return [
      unique('gallery_posts_picture_unique').on(table.renditionId, table.pictureIndex),
      index('gallery_posts_guild_page').on(table.guildId, byAge).where(published),
      index('gallery_posts_author_page').on(table.guildId, table.authorId, byAge),
      index('gallery_posts_style_page').on(table.guildId, table.style, byAge).where(published),
      index('gallery_posts_author_top')
        .on(table.guildId, table.authorId, table.voteCount, table.id)
        .where(published),
      index('gallery_posts_author_top_of_day')
        .on(table.guildId, table.authorId, table.publishedDay, table.voteCount, table.id)
        .where(published),
      index('gallery_posts_top').on(table.guildId, table.voteCount, table.id).where(published),
      index('gallery_posts_style_top')
        .on(table.guildId, table.style, table.voteCount, table.id)
        .where(published),
      index('gallery_posts_top_of_day')
        .on(table.guildId, table.publishedDay, table.voteCount, table.id)
        .where(published),
      index('gallery_posts_style_top_of_day')
        .on(table.guildId, table.style, table.publishedDay, table.voteCount, table.id)
        .where(published),
      index('gallery_posts_hall_of_fame')
        .on(table.guildId, byAge)
        .where(sql`${table.status} = 'published' and ${table.hallOfFameAt} is not null`),
      index('gallery_posts_message').on(table.messageId).where(sql`${table.messageId} is not null`),
    ];
  },
);

export type GalleryPost = typeof galleryPosts.$inferSelect;
