/** @file Table: the cleaned photos that a subject is learned from. */
import { integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';
import { subjects } from './subjects.ts';

export const photos = pgTable(
  'photos',
  {
    id: id(),
    subjectId: uuid('subject_id')
      .notNull()
      .references(() => subjects.id),
    /** Order in which the user gave them, from 0. */
    position: integer('position').notNull(),
    storageFileId: text('storage_file_id').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    /** Hex digest of the clean bytes. */
    sha256: text('sha256').notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique('photos_subject_position_unique').on(table.subjectId, table.position)],
);

export type Photo = typeof photos.$inferSelect;
