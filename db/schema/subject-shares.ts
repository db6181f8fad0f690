/** @file Table: with whom a subject's owner shares it. */
import { sql } from 'drizzle-orm';
import { foreignKey, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt } from './columns.ts';
import { subjects } from './subjects.ts';

export const subjectShares = pgTable(
  'subject_shares',
  {
    subjectId: uuid('subject_id').notNull(),
    /** Follows the subject's, so that one index finds what somebody may use by its name. */
    nameKey: text('name_key').notNull(),
    /** See `formatGrantee`. */
    grantee: text('grantee').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.subjectId, table.grantee] }),
    foreignKey({
      name: 'subject_shares_subject_fk',
      columns: [table.subjectId, table.nameKey],
      foreignColumns: [subjects.id, subjects.nameKey],
    })
      .onUpdate('cascade')
      .onDelete('cascade'),
    // Collation C: see the search index of subjects.
    index('subject_shares_search').on(
      table.grantee,
      sql`${table.nameKey} collate "C"`,
      table.subjectId,
    ),
  ],
);

export type SubjectShare = typeof subjectShares.$inferSelect;
