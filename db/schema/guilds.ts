/** @file Table: Discord servers the bot has met. */
import { pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, snowflake } from './columns.ts';

export const guilds = pgTable('guilds', {
  id: snowflake('id').primaryKey(),
  name: text('name'),
  createdAt: createdAt(),
});

export type Guild = typeof guilds.$inferSelect;
