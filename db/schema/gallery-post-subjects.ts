/** @file Table: the subjects that a published picture shows, and whether their owners allow it. */
import { index, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { instant, snowflake } from './columns.ts';
import { galleryPosts } from './gallery-posts.ts';
import { subjects } from './subjects.ts';

export const galleryPostSubjects = pgTable(
  'gallery_post_subjects',
  {
    subjectId: uuid('subject_id')
      .notNull()
      .references(() => subjects.id),
    postId: uuid('post_id')
      .notNull()
      .references(() => galleryPosts.id),
    /** The post's, so that one index has a subject's pages in each server. */
    guildId: snowflake('guild_id').notNull(),
    /** When the subject's owner allowed this publication; asked anew each time. */
    allowedAt: instant('allowed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.postId, table.subjectId] }),
    index('gallery_post_subjects_page').on(table.subjectId, table.guildId, table.postId),
  ],
);

export type GalleryPostSubject = typeof galleryPostSubjects.$inferSelect;
