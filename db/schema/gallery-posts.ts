/** @file Table: pictures that somebody published to their server's gallery. */
import { sql } from 'drizzle-orm';
import { index, integer, pgTable, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { guilds } from './guilds.ts';
import { renditions } from './renditions.ts';
import { subjects } from './subjects.ts';
import { users } from './users.ts';

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
    subjectId: uuid('subject_id').references(() => subjects.id),
    channelId: snowflake('channel_id'),
    messageId: snowflake('message_id'),
    createdAt: createdAt(),
    unpublishedAt: instant('unpublished_at'),
  },
  (table) => [
    unique('gallery_posts_picture_unique').on(table.renditionId, table.pictureIndex),
    index('gallery_posts_guild_page')
      .on(table.guildId, table.id)
      .where(sql`${table.unpublishedAt} is null`),
    index('gallery_posts_author_page')
      .on(table.guildId, table.authorId, table.id)
      .where(sql`${table.unpublishedAt} is null`),
    index('gallery_posts_subject')
      .on(table.subjectId, table.id)
      .where(sql`${table.unpublishedAt} is null`),
  ],
);

export type GalleryPost = typeof galleryPosts.$inferSelect;
