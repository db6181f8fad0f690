/** @file Table: who votes for a published picture. One row a person, however they vote. */
import { boolean, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { createdAt, snowflake } from './columns.ts';
import { galleryPosts } from './gallery-posts.ts';

export const galleryVotes = pgTable(
  'gallery_votes',
  {
    postId: uuid('post_id')
      .notNull()
      .references(() => galleryPosts.id),
    userId: snowflake('user_id').notNull(),
    /** The vote stands as long as either does. */
    byButton: boolean('by_button').notNull().default(false),
    byReaction: boolean('by_reaction').notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.postId, table.userId] })],
);

export type GalleryVote = typeof galleryVotes.$inferSelect;
