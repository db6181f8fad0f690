/** @file Queries: how long trainings took here. */
import { desc, isNotNull } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { TrainTimes } from '../jobs/train-subject.ts';
import { trainingRuns } from '../schema/training-runs.ts';

/** @returns the times of the latest trainings that succeeded in one go, newest first */
export async function listTrainingTimes(db: Db, limit = 20): Promise<TrainTimes[]> {
  const rows = await db
    .select({ times: trainingRuns.times })
    .from(trainingRuns)
    .where(isNotNull(trainingRuns.times))
    .orderBy(desc(trainingRuns.id))
    .limit(limit);
  return rows.flatMap(({ times }) => times ?? []);
}
