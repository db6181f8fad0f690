/** @file For tests: what rows said before they changed, so that what was deleted can be told from what was lost. */
import { sql } from 'drizzle-orm';
import type { Db } from '../client.ts';

/** Their rows name files, or let somebody use a subject. */
const tables = [
  'photos',
  'artifacts',
  'renditions',
  'training_runs',
  'outbox_deliveries',
  'subject_shares',
] as const;

/** Keeps every version of these rows from now on. */
export async function keepPastRows(db: Db): Promise<void> {
  await db.execute(sql`
    create table past_rows (
      table_name text not null, until timestamptz not null, is_deleted boolean not null, said jsonb not null)`);
  await db.execute(sql`
    create function keep_past_row() returns trigger language plpgsql as $$
      begin
        insert into past_rows values (tg_table_name, clock_timestamp(), tg_op = 'DELETE', to_jsonb(old));
        return null;
      end $$`);
  for (const table of tables) {
    await db.execute(
      sql.raw(`create trigger keep_past_row after update or delete on ${table}
        for each row execute function keep_past_row()`),
    );
  }
}

/** Every version of every row that names files, as `(table_name, said)`. */
const versions = sql.join(
  [
    sql`select table_name, said from past_rows`,
    ...tables.map((table) =>
      sql.raw(
        `select '${table}' as table_name, to_jsonb(now_there) as said from ${table} now_there`,
      ),
    ),
  ],
  sql` union all `,
);

/**
 * @param atMs since 1970, by a clock of the database's machine
 * @returns whether the subject or the rendition that a file belonged to had been deleted by then
 */
export async function wasFileDeleted(db: Db, fileId: string, atMs: number): Promise<boolean> {
  const by = sql`deleted_at <= to_timestamp(${atMs}::float8 / 1000)`;
  const { rows } = (await db.execute(sql`
    with holders as (
      select table_name, said from (${versions}) versions
      where position(${fileId}::text in said::text) > 0
    ), of_renditions as (
      select (said ->> 'id')::uuid as id from holders where table_name = 'renditions'
      union select (said ->> 'ref_id')::uuid from holders
      where table_name = 'outbox_deliveries' and said ->> 'kind' = 'rendition'
    ), of_subjects as (
      select (said ->> 'subject_id')::uuid as id from holders
      where table_name in ('photos', 'artifacts', 'training_runs')
      union select subject_id from training_runs where id in (
        select (said ->> 'ref_id')::uuid from holders
        where table_name = 'outbox_deliveries' and said ->> 'kind' = 'training')
      union select subject_id from rendition_subjects
      where rendition_id in (select id from of_renditions)
    )
    select exists (select from renditions where id in (select id from of_renditions) and ${by})
      or exists (select from subjects where id in (select id from of_subjects) and ${by}) as "wasDeleted"
  `)) as unknown as { rows: { wasDeleted: boolean }[] };
  return rows[0]?.wasDeleted ?? false;
}

/** A job that failed. */
export interface FailedJob {
  readonly kind: 'training' | 'rendition';
  readonly id: string;
  readonly code: string;
}

/**
 * @returns jobs that failed although no deletion of their subject or of the picture they start from, and no share that
 *   was taken back, accounts for it
 */
export async function listUnexplainedFailures(db: Db): Promise<FailedJob[]> {
  const { rows } = (await db.execute(sql`
    with failed as (
      select 'rendition' as kind, id, failure_code as code, finished_at, source_id from renditions
      where status = 'failed'
      union all select 'training', id, failure_code, finished_at, null from training_runs
      where status = 'failed'
    ), shown as (
      select rendition_id as id, subject_id, grantees from rendition_subjects
      union all select id, subject_id, '{}' from training_runs
    )
    select kind, id, code from failed where not case code
      when 'SUBJECT_DELETED' then exists (
        select from shown join subjects on subjects.id = subject_id
        where shown.id = failed.id and deleted_at <= failed.finished_at)
      when 'SUBJECT_NOT_SHARED' then exists (
        select from shown join past_rows on table_name = 'subject_shares' and is_deleted
          and said ->> 'subject_id' = subject_id::text and said ->> 'grantee' = any(grantees)
        where shown.id = failed.id and until <= failed.finished_at + interval '1 second')
      when 'PICTURE_GONE' then exists (
        select from renditions source
        where source.id = failed.source_id and (source.deleted_at <= failed.finished_at or exists (
          select from shown join subjects on subjects.id = subject_id
          where shown.id = source.id and subjects.deleted_at <= failed.finished_at)))
      else false end
  `)) as unknown as { rows: FailedJob[] };
  return rows;
}

/** @returns outcomes that were given up, and where they were to be told */
export async function listUndelivered(
  db: Db,
): Promise<{ readonly kind: string; readonly code: string; readonly channelId: string }[]> {
  const { rows } = (await db.execute(sql`
    select kind, coalesce(last_error_code, status) as code, channel_id as "channelId"
    from outbox_deliveries where status <> 'delivered'
  `)) as unknown as { rows: { kind: string; code: string; channelId: string }[] };
  return rows;
}
