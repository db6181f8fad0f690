/** @file Table: interactions that were taken and not answered yet. A process that dies leaves them to the next one. */
import { sql } from 'drizzle-orm';
import { index, integer, pgTable } from 'drizzle-orm/pg-core';
import { createdAt, instant, snowflake } from './columns.ts';

export const owedAnswers = pgTable(
  'owed_answers',
  {
    interactionId: snowflake('interaction_id').primaryKey(),
    userId: snowflake('user_id').notNull(),
    /** Whose language everybody reads; null in a direct message. */
    guildId: snowflake('guild_id'),
    channelId: snowflake('channel_id').notNull(),
    /** Null while it is being handled; then its user is to be told, not sooner than this. */
    tellAt: instant('tell_at'),
    /** How many times telling failed. */
    attempts: integer('attempts').notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [index('owed_answers_due').on(table.tellAt).where(sql`${table.tellAt} is not null`)],
);

export type OwedAnswer = typeof owedAnswers.$inferSelect;
