/** @file Queries: finding training runs, and where they are shown. */
import { and, asc, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Photo, photos } from '../schema/photos.ts';
import { openStatuses } from '../schema/status.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';

/** @returns the training that an interaction made, if it made one */
export async function findTrainingByInteraction(
  db: Db,
  interactionId: string,
): Promise<{ run: TrainingRun; subject: Subject } | undefined> {
  const [row] = await db
    .select({ run: trainingRuns, subject: subjects })
    .from(trainingRuns)
    .innerJoin(subjects, eq(subjects.id, trainingRuns.subjectId))
    .where(eq(trainingRuns.interactionId, interactionId));
  return row;
}

/** @returns the run */
export async function getTrainingRun(db: Db, runId: string): Promise<TrainingRun | undefined> {
  const [run] = await db.select().from(trainingRuns).where(eq(trainingRuns.id, runId));
  return run;
}

/** @returns the run with what a worker or a view needs: its subject (even a deleted one) and photos in order */
export async function getTrainingRunWithSubject(
  db: Db,
  runId: string,
): Promise<{ run: TrainingRun; subject: Subject; photos: Photo[] } | undefined> {
  const [row] = await db
    .select({ run: trainingRuns, subject: subjects })
    .from(trainingRuns)
    .innerJoin(subjects, eq(subjects.id, trainingRuns.subjectId))
    .where(eq(trainingRuns.id, runId));
  if (!row) return undefined;
  const rows = await db
    .select()
    .from(photos)
    .where(eq(photos.subjectId, row.subject.id))
    .orderBy(asc(photos.position));
  return { ...row, photos: rows };
}

/** Remembers which message shows the run's progress. */
export async function setTrainingProgressMessage(
  db: Db,
  runId: string,
  messageId: string,
): Promise<void> {
  await db
    .update(trainingRuns)
    .set({ progressMessageId: messageId })
    .where(eq(trainingRuns.id, runId));
}

/** Records where it is shown: where its channel does not take it, that is another one. */
export async function setTrainingMessage(
  db: Db,
  runId: string,
  { channelId, messageId }: { channelId: string; messageId: string },
): Promise<void> {
  await db
    .update(trainingRuns)
    .set({ channelId, progressMessageId: messageId })
    .where(eq(trainingRuns.id, runId));
}

/** @returns open runs with their subjects, oldest first: whose progress is to be shown */
export async function listOpenTrainingRuns(
  db: Db,
  limit = 100,
): Promise<{ run: TrainingRun; subject: Subject }[]> {
  return db
    .select({ run: trainingRuns, subject: subjects })
    .from(trainingRuns)
    .innerJoin(subjects, eq(subjects.id, trainingRuns.subjectId))
    .where(inArray(trainingRuns.status, [...openStatuses]))
    .orderBy(asc(trainingRuns.createdAt))
    .limit(limit);
}

/** @returns the newest run of each of the subjects */
export async function listLatestRuns(
  db: Db,
  subjectIds: readonly string[],
): Promise<TrainingRun[]> {
  if (subjectIds.length === 0) return [];
  return db
    .selectDistinctOn([trainingRuns.subjectId])
    .from(trainingRuns)
    .where(inArray(trainingRuns.subjectId, [...subjectIds]))
    .orderBy(asc(trainingRuns.subjectId), desc(trainingRuns.id));
}

/**
 * Lists open runs old enough to have a job: enqueue them all, since a job that exists is not added twice.
 *
 * @param options.olderThanMs leaves alone rows whose own enqueue may still be under way
 */
export async function listUnqueuedTrainingRuns(
  db: Db,
  options: { olderThanMs?: number; limit?: number } = {},
): Promise<Pick<TrainingRun, 'id' | 'userId'>[]> {
  return db
    .select({ id: trainingRuns.id, userId: trainingRuns.userId })
    .from(trainingRuns)
    .where(
      and(
        inArray(trainingRuns.status, [...openStatuses]),
        lt(
          trainingRuns.createdAt,
          sql`now() - ${options.olderThanMs ?? 10_000} * interval '1 millisecond'`,
        ),
      ),
    )
    .orderBy(asc(trainingRuns.createdAt))
    .limit(options.limit ?? 500);
}
