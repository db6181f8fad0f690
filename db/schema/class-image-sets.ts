/** @file Table: class images sampled from a frozen checkpoint, shared by every user; a set only grows. */
import { bigint, integer, pgTable, real, text, unique } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';

export const classImageSets = pgTable(
  'class_image_sets',
  {
    /** Also names the set's folder. */
    id: id(),
    checkpointHash: text('checkpoint_hash').notNull(),
    classNoun: text('class_noun').notNull(),
    sampler: text('sampler').notNull(),
    steps: integer('steps').notNull(),
    guidance: real('guidance').notNull(),
    /** Edge of the square pictures, pixels. */
    size: integer('size').notNull(),
    seed: bigint('seed', { mode: 'number' }).notNull(),
    /** How many pictures are complete. */
    count: integer('count').notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [
    unique('class_image_sets_key_unique').on(
      table.checkpointHash,
      table.classNoun,
      table.sampler,
      table.steps,
      table.guidance,
      table.size,
      table.seed,
    ),
  ],
);

export type ClassImageSet = typeof classImageSets.$inferSelect;
