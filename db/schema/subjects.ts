/** @file Table: what a user taught the bot, by name. */
import { sql } from 'drizzle-orm';
import { index, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, snowflake } from './columns.ts';
import { guilds } from './guilds.ts';
import { users } from './users.ts';

/** `untrained`: its only training failed or was cancelled; it cannot be rendered and its name is free again. */
export const subjectStatuses = ['training', 'ready', 'untrained'] as const;
/** See {@link subjectStatuses}. */
export type SubjectStatus = (typeof subjectStatuses)[number];

export const subjects = pgTable(
  'subjects',
  {
    id: id(),
    ownerId: snowflake('owner_id')
      .notNull()
      .references(() => users.id),
    guildId: snowflake('guild_id').references(() => guilds.id),
    name: text('name').notNull(),
    /** The name as it is compared: see `normalizeSubjectName`. */
    nameKey: text('name_key').notNull(),
    classNoun: text('class_noun').notNull(),
    /** The rare token, chosen by the worker that knows the checkpoint's tokenizer. */
    identifier: text('identifier'),
    baseCheckpointHash: text('base_checkpoint_hash'),
    /** The weights that prompts use now; no foreign key, since artifacts already point at subjects. */
    currentArtifactId: uuid('current_artifact_id'),
    status: text('status', { enum: subjectStatuses }).notNull().default('training'),
    createdAt: createdAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    // What shares refer to, so that a new name reaches them.
    unique('subjects_id_name_unique').on(table.id, table.nameKey),
    uniqueIndex('subjects_owner_name_unique')
      .on(table.ownerId, table.nameKey)
      .where(sql`${table.deletedAt} is null and ${table.status} <> 'untrained'`),
    uniqueIndex('subjects_owner_identifier_unique')
      .on(table.ownerId, table.baseCheckpointHash, table.identifier)
      .where(sql`${table.deletedAt} is null`),
    // Collation C: one index serves both `like 'prefix%'` and the order of the names.
    index('subjects_owner_search')
      .on(table.ownerId, sql`${table.nameKey} collate "C"`)
      .where(sql`${table.deletedAt} is null`),
    index('subjects_deleted').on(table.deletedAt).where(sql`${table.deletedAt} is not null`),
  ],
);

export type Subject = typeof subjects.$inferSelect;
