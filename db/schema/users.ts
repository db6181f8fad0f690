/** @file Table: Discord users, each with the wrapped key that their stored files are encrypted with. */
import { boolean, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { OwnDefaults } from '../jobs/render-prompt.ts';
import { bytea, createdAt, snowflake } from './columns.ts';
import { locales } from './guilds.ts';

export const users = pgTable('users', {
  id: snowflake('id').primaryKey(),
  name: text('name'),
  /** The user's data key, encrypted by the deployment's key. Null before the first file and after erasure. */
  wrappedDataKey: bytea('wrapped_data_key'),
  /** Which deployment key wraps it. */
  dataKeyId: text('data_key_id'),
  /** What `[V]` means for this user; no foreign key, since subjects already point at users. */
  defaultSubjectId: uuid('default_subject_id'),
  /** What `/imagine` takes where its options say nothing. Null: nothing of their own. */
  renditionDefaults: jsonb('rendition_defaults').$type<OwnDefaults>(),
  /** Whether the bot may write to the user directly where it cannot post in a channel. Asked for, never assumed. */
  directMessages: boolean('direct_messages').notNull().default(false),
  /** Of their client when they last used the bot in direct messages. Null: never. */
  locale: text('locale', { enum: locales }),
  createdAt: createdAt(),
});

export type User = typeof users.$inferSelect;
