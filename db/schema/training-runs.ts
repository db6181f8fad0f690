/** @file Table: one training of one subject, from the command to its outcome. */
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type {
  TrainEvaluation,
  TrainProgress,
  TrainSettings,
  TrainTimes,
} from '../jobs/train-subject.ts';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { guilds } from './guilds.ts';
import { rowStatuses } from './status.ts';
import { subjects } from './subjects.ts';
import { users } from './users.ts';

export const trainingRuns = pgTable(
  'training_runs',
  {
    id: id(),
    subjectId: uuid('subject_id')
      .notNull()
      .references(() => subjects.id),
    userId: snowflake('user_id')
      .notNull()
      .references(() => users.id),
    guildId: snowflake('guild_id').references(() => guilds.id),
    channelId: snowflake('channel_id').notNull(),
    interactionId: snowflake('interaction_id').notNull().unique('training_runs_interaction_unique'),
    status: text('status', { enum: rowStatuses }).notNull().default('queued'),
    /** How many times a worker has started it; only the latest start may write. */
    attempt: integer('attempt').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    /** Its owner wants what it has learned by now. */
    finishRequested: boolean('finish_requested').notNull().default(false),
    /** The weights that it trains on from; null: the base's. No foreign key: they go with their subject. */
    parentArtifactId: uuid('parent_artifact_id'),
    settings: jsonb('settings').$type<TrainSettings>().notNull(),
    progress: jsonb('progress').$type<TrainProgress>(),
    failureCode: text('failure_code'),
    /** Null where no judge looked at what was learned. */
    evaluation: jsonb('evaluation').$type<TrainEvaluation>(),
    /** Null unless it succeeded in one go: an interrupted training's times say nothing. */
    times: jsonb('times').$type<TrainTimes>(),
    progressMessageId: snowflake('progress_message_id'),
    createdAt: createdAt(),
    startedAt: instant('started_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('training_runs_open')
      .on(table.createdAt)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('training_runs_user_open')
      .on(table.userId)
      .where(sql`${table.status} in ('queued', 'running')`),
    index('training_runs_user').on(table.userId, table.id),
    index('training_runs_subject').on(table.subjectId),
    index('training_runs_timed').on(table.id).where(sql`${table.times} is not null`),
  ],
);

export type TrainingRun = typeof trainingRuns.$inferSelect;
