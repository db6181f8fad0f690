/** @file Queries: how a training comes to be. */
import type { Db } from '../client.ts';
import type { TrainSettings } from '../jobs/train-subject.ts';
import { type Photo, photos } from '../schema/photos.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { onlyRow, violatedConstraint } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { normalizeSubjectName } from './subject-name.ts';
import { findTrainingByInteraction } from './training-runs.ts';
import { ensureUser } from './users.ts';

/** A photo whose clean bytes are in storage. */
export type NewPhoto = Pick<Photo, 'storageFileId' | 'width' | 'height' | 'sizeBytes' | 'sha256'>;

/** What `/train` asked for. */
export interface NewTraining {
  readonly userId: string;
  /** Null in a direct message. */
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
  readonly name: string;
  readonly classNoun: string;
  readonly settings: TrainSettings;
  readonly photos: readonly NewPhoto[];
}

/** `duplicate`: Discord delivered the interaction twice; the rows are those of the first time. */
export type CreatedTraining =
  | {
      readonly outcome: 'created' | 'duplicate';
      readonly run: TrainingRun;
      readonly subject: Subject;
    }
  | { readonly outcome: 'name-taken' };

/**
 * Records a subject, its photos and its first training in one transaction. Enqueue the job afterwards.
 * Unless the outcome is `created`, the photos' stored files belong to nobody and are the caller's to delete.
 */
export async function createTraining(db: Db, training: NewTraining): Promise<CreatedTraining> {
  return recordTraining(db, training.interactionId, (tx) => insertTraining(tx, training));
}

/** Why nothing was recorded; `duplicate` has the rows of the first time. */
type NotRecorded =
  | { readonly outcome: 'duplicate'; readonly run: TrainingRun; readonly subject: Subject }
  | { readonly outcome: 'name-taken' };

/**
 * Records a training in one transaction, unless its interaction has recorded one already.
 *
 * @param insert writes the rows; a name that the owner's other subject has makes it `name-taken`
 */
export async function recordTraining<T>(
  db: Db,
  interactionId: string,
  insert: (tx: Db) => Promise<T>,
): Promise<T | NotRecorded> {
  const earlier = await findTrainingByInteraction(db, interactionId);
  if (earlier) return { outcome: 'duplicate', ...earlier };
  try {
    return await db.transaction(insert);
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === undefined) throw error;
    const winner = await findTrainingByInteraction(db, interactionId);
    if (winner) return { outcome: 'duplicate', ...winner };
    if (constraint === 'subjects_owner_name_unique') return { outcome: 'name-taken' };
    throw error;
  }
}

async function insertTraining(tx: Db, training: NewTraining): Promise<CreatedTraining> {
  await ensureUser(tx, training.userId);
  await ensureGuild(tx, training.guildId);
  const subject = onlyRow(
    await tx
      .insert(subjects)
      .values({
        ownerId: training.userId,
        guildId: training.guildId,
        name: training.name.trim(),
        nameKey: normalizeSubjectName(training.name),
        classNoun: training.classNoun,
      })
      .returning(),
  );
  if (training.photos.length > 0) {
    await tx
      .insert(photos)
      .values(
        training.photos.map((photo, position) => ({ ...photo, subjectId: subject.id, position })),
      );
  }
  const run = onlyRow(
    await tx
      .insert(trainingRuns)
      .values({
        subjectId: subject.id,
        userId: training.userId,
        guildId: training.guildId,
        channelId: training.channelId,
        interactionId: training.interactionId,
        settings: training.settings,
      })
      .returning(),
  );
  return { outcome: 'created', run, subject };
}
