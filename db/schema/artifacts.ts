/** @file Table: trained weights of a subject, made by one run against one base checkpoint: a row for each that was kept. */
import { bigint, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { CandidateScores } from '../jobs/train-subject.ts';
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
    /** Steps that they were trained; 0 in rows that are older than the column. */
    step: integer('step').notNull().default(0),
    /** Null where no judge looked at them. */
    scores: jsonb('scores').$type<CandidateScores>(),
    /** Pictures that were drawn with them. */
    sampleFileIds: jsonb('sample_file_ids').$type<string[]>().notNull().default([]),
    createdAt: createdAt(),
  },
  (table) => [
    index('artifacts_subject').on(table.subjectId),
    index('artifacts_run').on(table.runId),
  ],
);

export type Artifact = typeof artifacts.$inferSelect;
