/** @file Table: an `/imagine` that waits for its asker's answer: which subject `[V]` stands for. Kept for some days. */
import { index, jsonb, pgTable } from 'drizzle-orm/pg-core';
import type { RenditionWish } from '../jobs/render-prompt.ts';
import { createdAt, id, snowflake } from './columns.ts';
import { users } from './users.ts';

export const renditionDrafts = pgTable(
  'rendition_drafts',
  {
    id: id(),
    userId: snowflake('user_id')
      .notNull()
      .references(() => users.id),
    wish: jsonb('wish').$type<RenditionWish>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('rendition_drafts_created').on(table.createdAt)],
);

export type RenditionDraft = typeof renditionDrafts.$inferSelect;
