/** @file Table: trained weights of a subject, made by one run against one base checkpoint. */
import { bigint, index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';
import { subjects } from './subjects.ts';
import { trainingRuns } from './training-runs.ts';

/** `full`: whole fine-tuned weights in fp16. `lora`: low-rank updates. */
export const artifactMethods = ['full', 'lora'] as const;
/** See {@link artifactMethods}. */
export type ArtifactMethod = (typeof artifactMethods)[number];

export const artifacts = pgTable(
  'artifacts',
  {
    id: id(),
    runId: uuid('run_id')
      .notNull()
      .references(() => trainingRuns.id),
    subjectId: uuid('subject_id')
      .notNull()
      .references(() => subjects.id),
    method: text('method', { enum: artifactMethods }).notNull(),
    baseCheckpointHash: text('base_checkpoint_hash').notNull(),
    identifier: text('identifier').notNull(),
    storageFileId: text('storage_file_id').notNull(),
    /** Above 2 GiB for whole weights of a large base. */
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('artifacts_subject').on(table.subjectId),
    index('artifacts_run').on(table.runId),
  ],
);

export type Artifact = typeof artifacts.$inferSelect;
