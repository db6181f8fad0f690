/** @file Table: Discord servers the bot has met, each with what its admins have set. */
import { sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, snowflake } from './columns.ts';

/** Languages that the bot's public posts can have. */
export const locales = ['en-US', 'de'] as const;
/** See {@link locales}. */
export type Locale = (typeof locales)[number];

const snowflakes = (name: string) => text(name).array().notNull().default(sql`'{}'`);

export const guilds = pgTable('guilds', {
  id: snowflake('id').primaryKey(),
  name: text('name'),
  /** Where published pictures go; null keeps them in `/gallery browse`. */
  galleryChannelId: snowflake('gallery_channel_id'),
  /** Where reports go; null takes none. */
  moderatorChannelId: snowflake('moderator_channel_id'),
  /** How many votes bring a picture into the hall of fame. */
  hallOfFameThreshold: integer('hall_of_fame_threshold').notNull().default(5),
  /** Channels in which the bot may be used; none: all. */
  allowedChannelIds: snowflakes('allowed_channel_ids'),
  /** Roles that may use it; none: everybody. */
  allowedRoleIds: snowflakes('allowed_role_ids'),
  /** Of the bot's public posts; answers for one user alone speak that user's language. */
  locale: text('locale', { enum: locales }).notNull().default('en-US'),
  createdAt: createdAt(),
});

export type Guild = typeof guilds.$inferSelect;
