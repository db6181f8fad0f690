/** @file For tests: how many rows there are by what became of them. */
import { sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { renditions } from '../schema/renditions.ts';
import { openStatuses } from '../schema/status.ts';
import { subjects } from '../schema/subjects.ts';
import { trainingRuns } from '../schema/training-runs.ts';

/** Counts by status, or `failed CODE`. */
export type Tally = Readonly<
  Record<'trainings' | 'renditions' | 'deliveries', Record<string, number>>
>;

/** @returns what became of all jobs and of their messages */
export async function tallyRows(db: Db): Promise<Tally> {
  const count = async (
    table: typeof trainingRuns | typeof renditions | typeof outboxDeliveries,
    code:
      | typeof trainingRuns.failureCode
      | typeof renditions.failureCode
      | typeof outboxDeliveries.lastErrorCode,
  ) => {
    const key = sql<string>`case when ${table.status} = 'failed' then 'failed ' || coalesce(${code}, '?') else ${table.status} end`;
    const rows = await db
      .select({ key, count: sql<number>`count(*)::int` })
      .from(table)
      .groupBy(sql`1`)
      .orderBy(sql`1`);
    return Object.fromEntries(rows.map((row) => [row.key, row.count]));
  };
  return {
    trainings: await count(trainingRuns, trainingRuns.failureCode),
    renditions: await count(renditions, renditions.failureCode),
    deliveries: await count(outboxDeliveries, outboxDeliveries.lastErrorCode),
  };
}

/** @returns how many jobs wait or run, and how many outcomes Discord has not heard of yet */
export async function countOpenWork(
  db: Db,
): Promise<{ jobs: number; running: number; deliveries: number }> {
  const open = (table: typeof trainingRuns | typeof renditions) =>
    sql`(select count(*)::int from ${table} where ${table.status} in ${openStatuses})`;
  const running = (table: typeof trainingRuns | typeof renditions) =>
    sql`(select count(*)::int from ${table} where ${table.status} = 'running')`;
  const { rows } = (await db.execute(sql`select
    ${open(trainingRuns)} + ${open(renditions)} as jobs,
    ${running(trainingRuns)} + ${running(renditions)} as running,
    (select count(*)::int from ${outboxDeliveries} where ${outboxDeliveries.status} in ('pending', 'sending')) as deliveries`)) as unknown as {
    rows: { jobs: number; running: number; deliveries: number }[];
  };
  return rows[0]!;
}

/** @returns how many subjects can be drawn */
export async function countReadySubjects(db: Db): Promise<number> {
  return db.$count(subjects, sql`${subjects.status} = 'ready'`);
}
