/** @file Queries: trainings, those that wait for Start included, and renditions of a user side by side, as their jobs. */
import { and, desc, eq, isNull } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingDraft, trainingDrafts } from '../schema/training-drafts.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { findTrainingDraft } from './training-drafts.ts';

/** One job of a user. */
export type UserJob =
  | {
      readonly kind: 'training';
      readonly row: TrainingRun;
      /** Even a deleted one. */
      readonly subject: Subject;
    }
  | { readonly kind: 'rendition'; readonly row: Rendition }
  /** A training that waits for its owner to say Start. */
  | { readonly kind: 'draft'; readonly row: TrainingDraft };

/** @returns the user's latest jobs of all kinds, newest first */
export async function listUserJobs(db: Db, userId: string, limit = 25): Promise<UserJob[]> {
  const trainings = await db
    .select({ row: trainingRuns, subject: subjects })
    .from(trainingRuns)
    .innerJoin(subjects, eq(subjects.id, trainingRuns.subjectId))
    .where(eq(trainingRuns.userId, userId))
    .orderBy(desc(trainingRuns.id))
    .limit(limit);
  const drawn = await db
    .select()
    .from(renditions)
    .where(and(eq(renditions.userId, userId), isNull(renditions.deletedAt)))
    .orderBy(desc(renditions.id))
    .limit(limit);
  const asked = await db
    .select()
    .from(trainingDrafts)
    .where(eq(trainingDrafts.userId, userId))
    .orderBy(desc(trainingDrafts.id))
    .limit(limit);
  const jobs: UserJob[] = [
    ...asked.map((row) => ({ kind: 'draft' as const, row })),
    ...trainings.map((training) => ({ kind: 'training' as const, ...training })),
    ...drawn.map((row) => ({ kind: 'rendition' as const, row })),
  ];
  // Ids sort in the order in which they were made.
  return jobs.sort((a, b) => (a.row.id < b.row.id ? 1 : -1)).slice(0, limit);
}

/** @returns a job, unless it is somebody else's */
export async function findUserJob(
  db: Db,
  userId: string,
  jobId: string,
): Promise<UserJob | undefined> {
  const [training] = await db
    .select({ row: trainingRuns, subject: subjects })
    .from(trainingRuns)
    .innerJoin(subjects, eq(subjects.id, trainingRuns.subjectId))
    .where(and(eq(trainingRuns.id, jobId), eq(trainingRuns.userId, userId)));
  if (training) return { kind: 'training', ...training };
  const [row] = await db
    .select()
    .from(renditions)
    .where(
      and(eq(renditions.id, jobId), eq(renditions.userId, userId), isNull(renditions.deletedAt)),
    );
  if (row) return { kind: 'rendition', row };
  const draft = await findTrainingDraft(db, { draftId: jobId, userId });
  return draft && { kind: 'draft', row: draft };
}
