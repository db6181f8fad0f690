/** @file Table: the subjects that a rendition shows, and the shares that let its asker use them. */
import { sql } from 'drizzle-orm';
import { index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { artifacts } from './artifacts.ts';
import { renditions } from './renditions.ts';
import { subjects } from './subjects.ts';

export const renditionSubjects = pgTable(
  'rendition_subjects',
  {
    renditionId: uuid('rendition_id')
      .notNull()
      .references(() => renditions.id, { onDelete: 'cascade' }),
    subjectId: uuid('subject_id')
      .notNull()
      .references(() => subjects.id),
    /** Which of the prompt's subjects it is, from 0. */
    position: integer('position').notNull().default(0),
    /** The weights it is drawn with, fixed when it was asked for. */
    artifactId: uuid('artifact_id').references(() => artifacts.id, { onDelete: 'set null' }),
    /** Every share that included the asker when they asked, see `formatGrantee`; none for the owner's own. */
    grantees: text('grantees').array().notNull().default(sql`'{}'`),
  },
  (table) => [
    primaryKey({ columns: [table.renditionId, table.subjectId] }),
    index('rendition_subjects_subject').on(table.subjectId, table.renditionId),
    index('rendition_subjects_artifact').on(table.artifactId),
  ],
);

export type RenditionSubject = typeof renditionSubjects.$inferSelect;
