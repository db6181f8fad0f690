/** @file Table: one `/imagine`: a prompt, its settings and the pictures it became. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { RenderProgress, RenderSettings } from '../jobs/render-prompt.ts';
import { artifacts } from './artifacts.ts';
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
    subjectId: uuid('subject_id').references(() => subjects.id),
    /** The weights it is rendered with, fixed when it was asked for. */
    artifactId: uuid('artifact_id').references(() => artifacts.id, { onDelete: 'set null' }),
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
    status: text('status', { enum: rowStatuses }).notNull().default('queued'),
    /** How many times a worker has started it; only the latest start may write. */
    attempt: integer('attempt').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    progress: jsonb('progress').$type<RenderProgress>(),
    failureCode: text('failure_code'),
    /** Storage ids of the pictures, in order; null again once the subject's files are deleted. */
    resultFileIds: jsonb('result_file_ids').$type<string[]>(),
    progressMessageId: snowflake('progress_message_id'),
    createdAt: createdAt(),
    startedAt: instant('started_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('renditions_open')
      .on(table.createdAt)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('renditions_user_open')
      .on(table.userId)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('renditions_subject').on(table.subjectId),
    index('renditions_artifact').on(table.artifactId),
  ],
);

export type Rendition = typeof renditions.$inferSelect;
