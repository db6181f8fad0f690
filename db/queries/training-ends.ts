/** @file Queries: the end of training runs, by themselves or at a request, each with its outbox row. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { Outcome } from '../jobs/outcome.ts';
import { trainStages } from '../jobs/train-subject.ts';
import { isTerminal, openStatuses, type RowStatus } from '../schema/status.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { insertDelivery } from './outbox-deliveries.ts';

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

/** A run and its subject, until the transaction ends nobody else's to change. */
export interface LockedRun {
  readonly run: TrainingRun;
  readonly subject: Subject;
}

/** Locks the subject, then the run: everybody in this order, so that nobody waits in a circle. */
export async function lockRun(tx: Db, runId: string): Promise<LockedRun | undefined> {
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
export async function endRun(
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

/** Ends a run, with its outbox row; the subject is the caller's to change. */
export async function closeRun(
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
