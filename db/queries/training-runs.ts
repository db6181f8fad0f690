/** @file Queries: training runs. Every write of a worker names its attempt; a stale attempt writes nothing. */
import { and, asc, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { FailureDetail, Outcome } from '../jobs/outcome.ts';
import {
  type TrainEvaluation,
  type TrainFailureCode,
  type TrainProgress,
  type TrainResult,
  type TrainSettings,
  type TrainTimes,
  trainStages,
} from '../jobs/train-subject.ts';
import { type Artifact, artifacts } from '../schema/artifacts.ts';
import { newId } from '../schema/columns.ts';
import { type Photo, photos } from '../schema/photos.ts';
import { isTerminal, openStatuses, type RowStatus } from '../schema/status.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { onlyRow, violatedConstraint } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { insertDelivery } from './outbox-deliveries.ts';
import { normalizeSubjectName } from './subject-name.ts';
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

/** Whether a start was granted, and its number, which every later write passes back. */
export type StartedTraining =
  | { readonly started: true; readonly attempt: number; readonly run: TrainingRun }
  | { readonly started: false; readonly reason: 'missing' | 'finished' | 'too-many-attempts' };

/**
 * Starts (or starts again) a run. Earlier attempts become stale at once.
 *
 * @param options.maxAttempts after so many starts the run fails with `TOO_MANY_ATTEMPTS`; high, since a
 *   restart of the worker is a start too
 */
export async function startTrainingAttempt(
  db: Db,
  runId: string,
  options: { maxAttempts?: number } = {},
): Promise<StartedTraining> {
  const maxAttempts = options.maxAttempts ?? 20;
  return db.transaction(async (tx): Promise<StartedTraining> => {
    const locked = await lockRun(tx, runId);
    if (!locked) return { started: false, reason: 'missing' };
    if (isTerminal(locked.run.status)) return { started: false, reason: 'finished' };
    if (locked.run.attempt >= maxAttempts) {
      await endRun(tx, locked, 'failed', {
        outcome: 'failed',
        kind: 'training',
        code: 'TOO_MANY_ATTEMPTS',
        detail: { attempts: locked.run.attempt },
      });
      return { started: false, reason: 'too-many-attempts' };
    }
    const attempt = locked.run.attempt + 1;
    const run = onlyRow(
      await tx
        .update(trainingRuns)
        .set({
          status: 'running',
          attempt,
          startedAt: sql`coalesce(${trainingRuns.startedAt}, now())`,
          updatedAt: sql`now()`,
        })
        .where(eq(trainingRuns.id, runId))
        .returning(),
    );
    return { started: true, attempt, run };
  });
}

/** Rows that the given attempt may still write. */
const current = (runId: string, attempt: number) =>
  and(
    eq(trainingRuns.id, runId),
    eq(trainingRuns.attempt, attempt),
    eq(trainingRuns.status, 'running'),
  );

/** @returns false where the attempt is stale: the caller must stop and leave no files behind */
export async function updateTrainingProgress(
  db: Db,
  runId: string,
  attempt: number,
  progress: TrainProgress,
): Promise<boolean> {
  const rows = await db
    .update(trainingRuns)
    .set({ progress, updatedAt: sql`now()` })
    .where(current(runId, attempt))
    .returning({ id: trainingRuns.id });
  return rows.length > 0;
}

/** Whether the given attempt should go on, or come to its end; asked between steps. */
export async function checkTrainingAttempt(
  db: Db,
  runId: string,
  attempt: number,
): Promise<'go-on' | 'finish' | 'cancel' | 'stale'> {
  const [row] = await db
    .select({
      cancelRequested: trainingRuns.cancelRequested,
      finishRequested: trainingRuns.finishRequested,
    })
    .from(trainingRuns)
    .where(current(runId, attempt));
  if (!row) return 'stale';
  if (row.cancelRequested) return 'cancel';
  return row.finishRequested ? 'finish' : 'go-on';
}

/**
 * Writes the identifier that the attempt chose for its subject.
 *
 * @returns `taken` where another of the owner's subjects on that base has it: choose another
 */
export async function assignIdentifier(
  db: Db,
  runId: string,
  attempt: number,
  choice: { identifier: string; baseCheckpointHash: string },
): Promise<'assigned' | 'taken' | 'stale'> {
  try {
    return await db.transaction(async (tx) => {
      const locked = await lockRun(tx, runId);
      if (!locked || !isCurrent(locked.run, attempt)) return 'stale';
      await tx.update(subjects).set(choice).where(eq(subjects.id, locked.subject.id));
      return 'assigned';
    });
  } catch (error) {
    if (violatedConstraint(error) === 'subjects_owner_identifier_unique') return 'taken';
    throw error;
  }
}

/** Weights that a successful training stored. */
export type NewArtifact = Pick<
  Artifact,
  | 'method'
  | 'baseCheckpointHash'
  | 'identifier'
  | 'storageFileId'
  | 'sizeBytes'
  | 'step'
  | 'scores'
  | 'sampleFileIds'
>;

/** What a training came to. */
export interface TrainSuccess {
  /** In the order of their steps. */
  readonly artifacts: readonly NewArtifact[];
  /** Index of the one that prompts use from now on. */
  readonly best: number;
  readonly evaluation: TrainEvaluation | null;
  readonly times: TrainTimes | null;
  readonly result: Omit<TrainResult, 'artifactId'>;
}

/**
 * Ends the run well: artifacts, ready subject and outbox row in one transaction.
 *
 * @returns the best artifact's id, or false where the attempt is stale or the subject was deleted meanwhile;
 *   the stored files are then the caller's to delete
 */
export async function succeedTraining(
  db: Db,
  runId: string,
  attempt: number,
  success: TrainSuccess,
): Promise<string | false> {
  return db.transaction(async (tx) => {
    const locked = await lockRun(tx, runId);
    if (!locked || !isCurrent(locked.run, attempt)) return false;
    const { run, subject } = locked;
    if (subject.deletedAt) {
      await endRun(tx, locked, 'cancelled', { outcome: 'cancelled', kind: 'training' });
      return false;
    }
    const rows = success.artifacts.map((artifact) => ({
      id: newId(),
      runId: run.id,
      subjectId: subject.id,
      ...artifact,
    }));
    const best = rows[success.best];
    if (!best) throw new RangeError(`succeed: no artifact ${success.best} of ${rows.length}`);
    const { id: artifactId, identifier, baseCheckpointHash } = best;
    await tx.insert(artifacts).values(rows);
    await tx
      .update(subjects)
      .set({ status: 'ready', currentArtifactId: artifactId, identifier, baseCheckpointHash })
      .where(eq(subjects.id, subject.id));
    await tx
      .update(trainingRuns)
      .set({ evaluation: success.evaluation, times: success.times })
      .where(eq(trainingRuns.id, run.id));
    await closeRun(tx, run, 'succeeded', {
      outcome: 'succeeded',
      kind: 'training',
      result: { ...success.result, artifactId },
    });
    return artifactId;
  });
}

/** Ends the run with a failure and its outbox row; false where the attempt is stale. */
export async function failTraining(
  db: Db,
  runId: string,
  attempt: number,
  failure: { code: TrainFailureCode; detail?: FailureDetail },
): Promise<boolean> {
  return endAttempt(db, runId, attempt, 'failed', {
    outcome: 'failed',
    kind: 'training',
    code: failure.code,
    detail: failure.detail ?? {},
  });
}

/** Ends the run as cancelled, with its outbox row; false where the attempt is stale. */
export async function cancelTraining(db: Db, runId: string, attempt: number): Promise<boolean> {
  return endAttempt(db, runId, attempt, 'cancelled', { outcome: 'cancelled', kind: 'training' });
}

/** What became of a request to cancel. */
export type CancelRequest = 'cancelled' | 'requested' | 'finished' | 'not-owner' | 'missing';

/**
 * Asks for a run to stop. One that no worker has started is cancelled at once; else the worker sees the flag.
 *
 * @param userId must be the run's owner
 */
export async function requestCancelTraining(
  db: Db,
  runId: string,
  userId: string,
): Promise<CancelRequest> {
  return db.transaction(async (tx): Promise<CancelRequest> => {
    const locked = await lockRun(tx, runId);
    if (!locked) return 'missing';
    if (locked.run.userId !== userId) return 'not-owner';
    return stopRun(tx, locked);
  });
}

/** What became of a request to end a training with what it has learned. */
export type FinishRequest =
  | 'requested'
  | 'not-begun'
  /** All its steps are made; it ends by itself. */
  | 'learned'
  | 'finished'
  | 'not-owner'
  | 'missing';

/**
 * Asks for a run to end early and to keep its best weights. The worker sees the flag.
 *
 * @param userId must be the run's owner
 */
export async function requestFinishTraining(
  db: Db,
  runId: string,
  userId: string,
): Promise<FinishRequest> {
  return db.transaction(async (tx): Promise<FinishRequest> => {
    const locked = await lockRun(tx, runId);
    if (!locked) return 'missing';
    const { run } = locked;
    if (run.userId !== userId) return 'not-owner';
    if (isTerminal(run.status) || run.cancelRequested) return 'finished';
    const stage = run.progress?.stage ?? 'preparing';
    if (stage !== 'training') {
      return trainStages.indexOf(stage) > trainStages.indexOf('training') ? 'learned' : 'not-begun';
    }
    await tx
      .update(trainingRuns)
      .set({ finishRequested: true, updatedAt: sql`now()` })
      .where(eq(trainingRuns.id, runId));
    return 'requested';
  });
}

/** Stops every open run of a subject, inside the transaction that deletes it. */
export async function stopTrainingsOfSubject(tx: Db, subjectId: string): Promise<void> {
  const open = await tx
    .select({ id: trainingRuns.id })
    .from(trainingRuns)
    .where(
      and(eq(trainingRuns.subjectId, subjectId), inArray(trainingRuns.status, [...openStatuses])),
    );
  for (const { id } of open) {
    const locked = await lockRun(tx, id);
    if (locked) await stopRun(tx, locked);
  }
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

interface LockedRun {
  readonly run: TrainingRun;
  readonly subject: Subject;
}

/** Locks the subject, then the run: everybody in this order, so that nobody waits in a circle. */
async function lockRun(tx: Db, runId: string): Promise<LockedRun | undefined> {
  const [at] = await tx
    .select({ subjectId: trainingRuns.subjectId })
    .from(trainingRuns)
    .where(eq(trainingRuns.id, runId));
  if (!at) return undefined;
  const [subject] = await tx
    .select()
    .from(subjects)
    .where(eq(subjects.id, at.subjectId))
    .for('update');
  const [run] = await tx
    .select()
    .from(trainingRuns)
    .where(eq(trainingRuns.id, runId))
    .for('update');
  return run && subject ? { run, subject } : undefined;
}

function isCurrent(run: TrainingRun, attempt: number): boolean {
  return run.status === 'running' && run.attempt === attempt;
}

async function endAttempt(
  db: Db,
  runId: string,
  attempt: number,
  status: 'failed' | 'cancelled',
  outcome: Outcome,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const locked = await lockRun(tx, runId);
    if (!locked || !isCurrent(locked.run, attempt)) return false;
    await endRun(tx, locked, status, outcome);
    return true;
  });
}

async function stopRun(tx: Db, locked: LockedRun): Promise<CancelRequest> {
  if (isTerminal(locked.run.status)) return 'finished';
  if (locked.run.status === 'queued') {
    await endRun(tx, locked, 'cancelled', { outcome: 'cancelled', kind: 'training' });
    return 'cancelled';
  }
  await tx
    .update(trainingRuns)
    .set({ cancelRequested: true })
    .where(eq(trainingRuns.id, locked.run.id));
  return 'requested';
}

/** Ends a run that made no weights: the subject keeps its earlier ones, where it has any. */
async function endRun(
  tx: Db,
  { run, subject }: LockedRun,
  status: 'failed' | 'cancelled',
  outcome: Outcome,
): Promise<void> {
  await tx
    .update(subjects)
    .set({ status: subject.currentArtifactId === null ? 'untrained' : 'ready' })
    .where(eq(subjects.id, subject.id));
  await closeRun(tx, run, status, outcome);
}

async function closeRun(
  tx: Db,
  run: TrainingRun,
  status: RowStatus,
  outcome: Outcome,
): Promise<void> {
  await tx
    .update(trainingRuns)
    .set({
      status,
      failureCode: outcome.outcome === 'failed' ? outcome.code : null,
      updatedAt: sql`now()`,
      finishedAt: sql`now()`,
    })
    .where(eq(trainingRuns.id, run.id));
  await insertDelivery(tx, {
    kind: 'training',
    refId: run.id,
    channelId: run.channelId,
    userId: run.userId,
    payload: outcome,
  });
}
