/** @file Queries: how much of the queue one user holds, from which a job's priority follows. */
import { and, eq, inArray } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { renditions } from '../schema/renditions.ts';
import { openStatuses } from '../schema/status.ts';
import { trainingRuns } from '../schema/training-runs.ts';

/** @returns how many of the user's trainings and renditions are queued or running */
export async function countOpenJobs(
  db: Db,
  userId: string,
): Promise<{ trainings: number; renditions: number; total: number }> {
  const trainings = await db.$count(
    trainingRuns,
    and(eq(trainingRuns.userId, userId), inArray(trainingRuns.status, [...openStatuses])),
  );
  const rendering = await db.$count(
    renditions,
    and(eq(renditions.userId, userId), inArray(renditions.status, [...openStatuses])),
  );
  return { trainings, renditions: rendering, total: trainings + rendering };
}
