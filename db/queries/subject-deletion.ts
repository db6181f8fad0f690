/** @file Queries: deleting a subject with everything that was made of it. */
import { and, eq, exists, isNotNull, isNull, or, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { artifacts } from '../schema/artifacts.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { photos } from '../schema/photos.ts';
import { renditionSubjects } from '../schema/rendition-subjects.ts';
import { renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { trainingRuns } from '../schema/training-runs.ts';
import { users } from '../schema/users.ts';
import { forgetOutcomesOfSubject, listOutcomeFilesOfSubject } from './outbox-deliveries.ts';
import { withdrawPostsOfSubject } from './publishing.ts';
import { stopRenditionsOfSubject } from './rendition-ends.ts';
import { forgetPicturesOfSubject, listPicturesOfSubject } from './renditions.ts';
import { forgetSharesOfSubject } from './shares.ts';
import { stopTrainingsOfSubject } from './training-ends.ts';

const alive = isNull(subjects.deletedAt);

/** What is left to do for a deleted subject. */
export interface DeletedSubject {
  readonly subject: Subject;
  /** Stored photos, weights, samples and renditions: delete them, then call {@link purgeSubject}. */
  readonly fileIds: readonly string[];
}

/**
 * Deletes a subject for its owner: it is gone from every list at once, its trainings and renditions
 * stop, its published pictures are taken down, and the outbox has their messages removed.
 *
 * @returns undefined where the user has no such subject
 */
export async function softDeleteSubject(
  db: Db,
  where: { subjectId: string; ownerId: string },
): Promise<DeletedSubject | undefined> {
  return db.transaction(async (tx) => {
    const [subject] = await tx
      .update(subjects)
      .set({ deletedAt: sql`now()` })
      .where(and(eq(subjects.id, where.subjectId), eq(subjects.ownerId, where.ownerId), alive))
      .returning();
    if (!subject) return undefined;
    await tx
      .update(users)
      .set({ defaultSubjectId: null })
      .where(and(eq(users.id, where.ownerId), eq(users.defaultSubjectId, subject.id)));
    await stopTrainingsOfSubject(tx, subject.id);
    await stopRenditionsOfSubject(tx, subject.id);
    await forgetSharesOfSubject(tx, subject.id);
    await withdrawPostsOfSubject(tx, subject.id);
    return { subject, fileIds: await listFileIds(tx, subject.id) };
  });
}

/**
 * Forgets the files of a deleted subject, once they are gone: photos and weights lose their rows, renditions their
 * pictures, and outcomes that named pictures say that the subject was deleted.
 */
export async function purgeSubject(db: Db, subjectId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [subject] = await tx
      .select({ id: subjects.id })
      .from(subjects)
      .where(and(eq(subjects.id, subjectId), isNotNull(subjects.deletedAt)));
    if (!subject) return;
    await tx.delete(photos).where(eq(photos.subjectId, subjectId));
    await tx.delete(artifacts).where(eq(artifacts.subjectId, subjectId));
    await tx
      .update(trainingRuns)
      .set({ progress: null })
      .where(eq(trainingRuns.subjectId, subjectId));
    await forgetPicturesOfSubject(tx, subjectId);
    await forgetOutcomesOfSubject(tx, subjectId);
  });
}

/** @returns deleted subjects whose files may still be there, because a process died in between */
export async function listUnpurgedSubjects(
  db: Db,
  limit = 100,
): Promise<{ subjectId: string; ownerId: string; fileIds: string[] }[]> {
  const rows = await db
    .select({ id: subjects.id, ownerId: subjects.ownerId })
    .from(subjects)
    .where(
      and(
        isNotNull(subjects.deletedAt),
        or(
          exists(db.select().from(photos).where(eq(photos.subjectId, subjects.id))),
          exists(db.select().from(artifacts).where(eq(artifacts.subjectId, subjects.id))),
          exists(
            db
              .select({ id: renditions.id })
              .from(renditionSubjects)
              .innerJoin(renditions, eq(renditions.id, renditionSubjects.renditionId))
              .where(
                and(
                  eq(renditionSubjects.subjectId, subjects.id),
                  isNotNull(renditions.resultFileIds),
                ),
              ),
          ),
          exists(
            db
              .select({ id: trainingRuns.id })
              .from(trainingRuns)
              .innerJoin(
                outboxDeliveries,
                and(
                  eq(outboxDeliveries.kind, 'training'),
                  eq(outboxDeliveries.refId, trainingRuns.id),
                  sql`${outboxDeliveries.payload} ->> 'outcome' = 'succeeded'`,
                ),
              )
              .where(eq(trainingRuns.subjectId, subjects.id)),
          ),
        ),
      ),
    )
    .limit(limit);
  const unpurged = [];
  for (const { id, ownerId } of rows) {
    unpurged.push({ subjectId: id, ownerId, fileIds: await listFileIds(db, id) });
  }
  return unpurged;
}

async function listFileIds(db: Db, subjectId: string): Promise<string[]> {
  const ofPhotos = await db
    .select({ fileId: photos.storageFileId })
    .from(photos)
    .where(eq(photos.subjectId, subjectId));
  const ofArtifacts = await db
    .select({ fileId: artifacts.storageFileId, samples: artifacts.sampleFileIds })
    .from(artifacts)
    .where(eq(artifacts.subjectId, subjectId));
  const runs = await db
    .select({ progress: trainingRuns.progress })
    .from(trainingRuns)
    .where(eq(trainingRuns.subjectId, subjectId));
  // Pictures stand in the rows that they were made for, and in the outcomes.
  return [
    ...new Set([
      ...ofPhotos.map(({ fileId }) => fileId),
      ...ofArtifacts.flatMap(({ fileId, samples }) => [fileId, ...samples]),
      ...runs.flatMap(({ progress }) => progress?.previews ?? []).map(({ fileId }) => fileId),
      ...(await listPicturesOfSubject(db, subjectId)),
      ...(await listOutcomeFilesOfSubject(db, subjectId)),
    ]),
  ];
}
