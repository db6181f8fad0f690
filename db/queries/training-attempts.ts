/** @file Queries: a worker's attempts at training runs. Each write names its attempt; a stale one writes nothing. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { FailureDetail, Outcome } from '../jobs/outcome.ts';
import type {
  TrainEvaluation,
  TrainFailureCode,
  TrainProgress,
  TrainResult,
  TrainTimes,
} from '../jobs/train-subject.ts';
import { type Artifact, artifacts } from '../schema/artifacts.ts';
import { newId } from '../schema/columns.ts';
import { isTerminal } from '../schema/status.ts';
import { subjects } from '../schema/subjects.ts';
import { type TrainingRun, trainingRuns } from '../schema/training-runs.ts';
import { onlyRow, violatedConstraint } from './errors.ts';
import { closeRun, endRun, lockRun } from './training-ends.ts';

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
