/** @file Table: a `/train` whose photos are there, and which waits for its owner to say Start. Kept for a day. */
import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { PhotoFigures } from '../jobs/photo-figures.ts';
import type { TrainSettings } from '../jobs/train-subject.ts';
import { createdAt, id, snowflake } from './columns.ts';
import type { Photo } from './photos.ts';
import { users } from './users.ts';

/** A photo whose clean bytes are in storage, with what it looks like at a glance. */
export interface DraftPhoto
  extends Pick<Photo, 'storageFileId' | 'width' | 'height' | 'sizeBytes' | 'sha256'> {
  readonly figures: PhotoFigures;
}

export const trainingDrafts = pgTable(
  'training_drafts',
  {
    id: id(),
    userId: snowflake('user_id')
      .notNull()
      .references(() => users.id),
    guildId: snowflake('guild_id'),
    channelId: snowflake('channel_id').notNull(),
    interactionId: snowflake('interaction_id')
      .notNull()
      .unique('training_drafts_interaction_unique'),
    name: text('name').notNull(),
    classNoun: text('class_noun').notNull(),
    settings: jsonb('settings').$type<TrainSettings>().notNull(),
    /** In the order in which the user gave them. */
    photos: jsonb('photos').$type<DraftPhoto[]>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('training_drafts_created').on(table.createdAt)],
);

export type TrainingDraft = typeof trainingDrafts.$inferSelect;
