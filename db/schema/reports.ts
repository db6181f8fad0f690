/** @file Table: messages of the bot that somebody reported to a server's moderators. */
import { pgTable, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { galleryPosts } from './gallery-posts.ts';
import { guilds } from './guilds.ts';
import { renditions } from './renditions.ts';

export const reportStatuses = ['open', 'approved', 'denied'] as const;
/** See {@link reportStatuses}. */
export type ReportStatus = (typeof reportStatuses)[number];

export const reports = pgTable(
  'reports',
  {
    id: id(),
    guildId: snowflake('guild_id')
      .notNull()
      .references(() => guilds.id),
    /** The published picture, where it is one; its message is the post's. */
    postId: uuid('post_id').references(() => galleryPosts.id),
    /** Any other message of the bot. */
    channelId: snowflake('channel_id'),
    messageId: snowflake('message_id'),
    /** What that message shows, where it shows pictures. */
    renditionId: uuid('rendition_id').references(() => renditions.id),
    /** Who reported it first; moderators do not see it. */
    reporterId: snowflake('reporter_id').notNull(),
    status: text('status', { enum: reportStatuses }).notNull().default('open'),
    decidedBy: snowflake('decided_by'),
    decidedAt: instant('decided_at'),
    createdAt: createdAt(),
  },
  // Each is judged once; whoever reports it again adds nothing.
  (table) => [
    unique('reports_post_unique').on(table.postId),
    unique('reports_message_unique').on(table.messageId),
  ],
);

export type Report = typeof reports.$inferSelect;
