/** @file Table: one `/imagine`: a prompt, its settings and the pictures it became. */
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import type { RenderedWith, RenderProgress, RenderSettings } from '../jobs/render-prompt.ts';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { guilds } from './guilds.ts';
import { rowStatuses } from './status.ts';
import { subjects } from './subjects.ts';
import { users } from './users.ts';

export const renditions = pgTable(
  'renditions',
  {
    id: id(),
    userId: snowflake('user_id')
      .notNull()
      .references(() => users.id),
    /** The first subject of the prompt; `rendition_subjects` has all of them. */
    subjectId: uuid('subject_id').references(() => subjects.id),
    guildId: snowflake('guild_id').references(() => guilds.id),
    channelId: snowflake('channel_id').notNull(),
    interactionId: snowflake('interaction_id').notNull().unique('renditions_interaction_unique'),
    /** As the user typed it. */
    prompt: text('prompt').notNull(),
    /** With the subject's identifier and class noun in place of `[V]` or `[name]`. */
    resolvedPrompt: text('resolved_prompt').notNull(),
    seed: bigint('seed', { mode: 'number' }).notNull(),
    /** How many pictures. */
    count: integer('count').notNull(),
    settings: jsonb('settings').$type<RenderSettings>().notNull(),
    /** The subject of each reference in the prompt, by the reference's key. */
    namedSubjects: jsonb('named_subjects').$type<Record<string, string>>().notNull().default({}),
    /** The rendition from whose card or by whose name this one was asked for. */
    parentId: uuid('parent_id').references((): AnyPgColumn => renditions.id),
    /** The rendition whose picture it starts from, and which of its pictures, from 0. */
    sourceId: uuid('source_id').references((): AnyPgColumn => renditions.id),
    sourceIndex: integer('source_index'),
    /** Storage id of the clean picture that the user gave to start from; null again once the rendition is over. */
    startFileId: text('start_file_id').unique('renditions_start_file_unique'),
    status: text('status', { enum: rowStatuses }).notNull().default('queued'),
    /** How many times a worker has started it; only the latest start may write. */
    attempt: integer('attempt').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    progress: jsonb('progress').$type<RenderProgress>(),
    failureCode: text('failure_code'),
    /** Storage ids of the pictures, in order; null again once the subject's files are deleted. */
    resultFileIds: jsonb('result_file_ids').$type<string[]>(),
    /** What the pictures were made with, defaults included. */
    renderedWith: jsonb('rendered_with').$type<RenderedWith>(),
    progressMessageId: snowflake('progress_message_id'),
    createdAt: createdAt(),
    startedAt: instant('started_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
    deletedAt: instant('deleted_at'),
    /** When its files and its message were gone, after it was deleted. */
    purgedAt: instant('purged_at'),
  },
  (table) => [
    index('renditions_open')
      .on(table.createdAt)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('renditions_user_open')
      .on(table.userId)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('renditions_user').on(table.userId, table.id),
    index('renditions_subject').on(table.subjectId),
    index('renditions_unpurged')
      .on(table.deletedAt)
      .where(sql`${table.deletedAt} is not null and ${table.purgedAt} is null`),
  ],
);

export type Rendition = typeof renditions.$inferSelect;
