/** @file Queries: another training of a subject that is there: on from its weights, or again after one that ended badly. */
import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { TrainSettings } from '../jobs/train-subject.ts';
import { openStatuses } from '../schema/status.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { onlyRow } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { recordTraining } from './new-trainings.ts';

/** What was asked for. */
export interface AnotherTraining {
  readonly subjectId: string;
  /** Must own the subject. */
  readonly userId: string;
  /** Null in a direct message. */
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
  readonly settings: TrainSettings;
  /** The weights to train on from; null: the base's. */
  readonly parentArtifactId: string | null;
}

/** `duplicate`: Discord delivered the interaction twice; the row is that of the first time. */
export type CreatedAgain =
  | {
      readonly outcome: 'created' | 'duplicate';
      readonly run: TrainingRun;
      readonly subject: Subject;
    }
  /** `busy`: a training of the subject is under way. `name-taken`: another subject has its name by now. */
  | { readonly outcome: 'missing' | 'busy' | 'name-taken' };

/** Records another training of a subject. Enqueue the job afterwards. */
export async function createAnotherTraining(
  db: Db,
  training: AnotherTraining,
): Promise<CreatedAgain> {
  return recordTraining(db, training.interactionId, (tx) => insertRun(tx, training));
}

async function insertRun(tx: Db, training: AnotherTraining): Promise<CreatedAgain> {
  const { subjectId, userId } = training;
  const [found] = await tx
    .select()
    .from(subjects)
    .where(
      and(eq(subjects.id, subjectId), eq(subjects.ownerId, userId), isNull(subjects.deletedAt)),
    )
    .for('update');
  if (!found) return { outcome: 'missing' };
  const open = await tx.$count(
    trainingRuns,
    and(eq(trainingRuns.subjectId, subjectId), inArray(trainingRuns.status, [...openStatuses])),
  );
  if (open > 0) return { outcome: 'busy' };
  await ensureGuild(tx, training.guildId);
  // With weights of its own it can be drawn meanwhile.
  const status = found.currentArtifactId === null ? 'training' : found.status;
  const subject = onlyRow(
    await tx.update(subjects).set({ status }).where(eq(subjects.id, subjectId)).returning(),
  );
  const run = onlyRow(await tx.insert(trainingRuns).values(training).returning());
  return { outcome: 'created', run, subject };
}
