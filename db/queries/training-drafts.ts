/** @file Queries: trainings that wait for their owner to look at the photos and to say Start. Their photos' files are theirs. */
import { and, asc, eq, isNull, lt, ne, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { subjects } from '../schema/subjects.ts';
import { type DraftPhoto, type TrainingDraft, trainingDrafts } from '../schema/training-drafts.ts';
import { onlyRow } from './errors.ts';
import { type CreatedTraining, createTraining } from './new-trainings.ts';
import { normalizeSubjectName } from './subject-name.ts';
import { ensureUser } from './users.ts';

export type { DraftPhoto } from '../schema/training-drafts.ts';

/** How long a draft may wait. */
export const DRAFT_HOURS = 24;

/** What `/train` asked for. */
export type NewTrainingDraft = Omit<TrainingDraft, 'id' | 'createdAt'>;

/**
 * Records a draft. Unless `isNew`, it was made before by the same interaction, and the given photos' stored files
 * belong to nobody and are the caller's to delete.
 */
export async function createTrainingDraft(
  db: Db,
  draft: NewTrainingDraft,
): Promise<{ draft: TrainingDraft; isNew: boolean }> {
  await ensureUser(db, draft.userId);
  const [created] = await db
    .insert(trainingDrafts)
    .values(draft)
    .onConflictDoNothing({ target: trainingDrafts.interactionId })
    .returning();
  if (created) return { draft: created, isNew: true };
  const rows = await db
    .select()
    .from(trainingDrafts)
    .where(eq(trainingDrafts.interactionId, draft.interactionId));
  return { draft: onlyRow(rows), isNew: false };
}

/** @returns the draft that an interaction made, while it waits */
export async function findDraftByInteraction(
  db: Db,
  interactionId: string,
): Promise<TrainingDraft | undefined> {
  const [draft] = await db
    .select()
    .from(trainingDrafts)
    .where(eq(trainingDrafts.interactionId, interactionId));
  return draft;
}

/** Which draft, and whose it must be. */
export interface OwnDraft {
  readonly draftId: string;
  readonly userId: string;
}

const isOwn = ({ draftId, userId }: OwnDraft) =>
  and(eq(trainingDrafts.id, draftId), eq(trainingDrafts.userId, userId));

/** @returns the draft, while it waits */
export async function findTrainingDraft(
  db: Db,
  where: OwnDraft,
): Promise<TrainingDraft | undefined> {
  const [draft] = await db.select().from(trainingDrafts).where(isOwn(where));
  return draft;
}

/**
 * Gives a draft other photos.
 *
 * @param change is given those that it has
 * @returns the draft, and the photos that it had; undefined where it waits no more
 */
export async function changeDraftPhotos(
  db: Db,
  where: OwnDraft,
  change: (photos: readonly DraftPhoto[]) => DraftPhoto[],
): Promise<{ draft: TrainingDraft; before: readonly DraftPhoto[] } | undefined> {
  return db.transaction(async (tx) => {
    const [found] = await tx.select().from(trainingDrafts).where(isOwn(where)).for('update');
    if (!found) return undefined;
    const draft = onlyRow(
      await tx
        .update(trainingDrafts)
        .set({ photos: change(found.photos) })
        .where(eq(trainingDrafts.id, found.id))
        .returning(),
    );
    return { draft, before: found.photos };
  });
}

/**
 * Makes the draft a training: its photos are the subject's from now on. Enqueue the job afterwards.
 *
 * @returns undefined where it waits no more; it stays where the name is taken
 */
export async function startDraft(db: Db, where: OwnDraft): Promise<CreatedTraining | undefined> {
  return db.transaction(async (tx) => {
    const [draft] = await tx.select().from(trainingDrafts).where(isOwn(where)).for('update');
    if (!draft) return undefined;
    const { id, photos, ...training } = draft;
    const created = await createTraining(tx, {
      ...training,
      photos: photos.map(({ figures: _, ...photo }) => photo),
    });
    if (created.outcome !== 'name-taken') {
      await tx.delete(trainingDrafts).where(eq(trainingDrafts.id, id));
    }
    return created;
  });
}

/**
 * Gives a draft up; one that waits no more is left alone.
 *
 * @param deleteFiles is given the draft while nobody can start it; where it throws, the draft stays
 */
export async function discardTrainingDraft(
  db: Db,
  where: OwnDraft,
  deleteFiles: (draft: TrainingDraft) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const [draft] = await tx.select().from(trainingDrafts).where(isOwn(where)).for('update');
    if (!draft) return;
    await deleteFiles(draft);
    await tx.delete(trainingDrafts).where(eq(trainingDrafts.id, draft.id));
  });
}

/** @returns whether a subject of the user has the name, so that another one cannot have it */
export async function isNameTaken(db: Db, ownerId: string, name: string): Promise<boolean> {
  const [taken] = await db
    .select({ id: subjects.id })
    .from(subjects)
    .where(
      and(
        eq(subjects.ownerId, ownerId),
        eq(subjects.nameKey, normalizeSubjectName(name)),
        isNull(subjects.deletedAt),
        ne(subjects.status, 'untrained'),
      ),
    )
    .limit(1);
  return taken !== undefined;
}

/** @returns drafts that nobody started in {@link DRAFT_HOURS}, oldest first */
export async function listOldTrainingDrafts(db: Db, limit = 100): Promise<TrainingDraft[]> {
  return db
    .select()
    .from(trainingDrafts)
    .where(lt(trainingDrafts.createdAt, sql`now() - ${DRAFT_HOURS} * interval '1 hour'`))
    .orderBy(asc(trainingDrafts.createdAt))
    .limit(limit);
}
