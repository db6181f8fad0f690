/** @file For tests: a large database, filled by the database itself in seconds. Sizes are uneven, as in life: one huge server, busy people. */
import { sql } from 'drizzle-orm';
import type { Db } from '../client.ts';

/** Ids that the rows have. */
export interface ScaleFacts {
  /** Has two fifths of all pictures and of all subjects shared with a server. */
  readonly largestGuildId: string;
  readonly busiestUserId: string;
  /** One in 300 of a million pictures shows it. Its best of all time are sorted anew for each page. */
  readonly busiestSubjectId: string;
  /** Of a hundred subjects. */
  readonly subjectIds: readonly string[];
  readonly styles: readonly string[];
  /** One picture in ten thousand. */
  readonly rareStyle: string;
  guildId(index: number): string;
  userId(index: number): string;
  roleId(index: number): string;
}

const USERS = 20_000;
const GUILDS = 300;
const ROLES = 2_000;
const STYLES = [
  'painting',
  'photo',
  'comic',
  'drawing',
  'watercolour',
  'sculpture',
  '3d',
  'mosaic',
];
const DAYS = 500;

const idOf = (base: number) => (index: number) =>
  String(100_000_000_000_000_000n + BigInt(base + index));
const userId = idOf(0);
const guildId = idOf(10_000_000);
const roleId = idOf(20_000_000);

/** Snowflakes in SQL, as above. */
const flake = (base: number, index: ReturnType<typeof sql>) =>
  sql`(100000000000000000 + ${sql.raw(String(base))} + ${index})::text`;

/** A UUIDv7 of a moment: later rows have larger ids. */
const uuidAt = (at: ReturnType<typeof sql>, n: ReturnType<typeof sql>) =>
  sql`(lpad(to_hex((extract(epoch from ${at}) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(${n} % 4096), 3, '0') || '8' || substr(md5(${n}::text), 1, 15))::uuid`;

/** Few have most: a number from 0 up to `count`, a power of an even one. */
const uneven = (seed: string, count: number, exponent = 3) =>
  sql.raw(
    `floor(power((hashint8(n::bigint * 1000003 + ${seed}) & 2147483647) / 2147483648.0, ${exponent}) * ${count})::bigint`,
  );
const even = (seed: string, count: number) =>
  sql.raw(`((hashint8(n::bigint * 1000003 + ${seed}) & 2147483647) % ${count})`);

/** Fills an empty, migrated database. */
export async function fillScale(
  db: Db,
  sizes: { subjects: number; posts: number },
): Promise<ScaleFacts> {
  await db.transaction(async (tx) => {
    // Rows are right by construction; checking a million references one by one would take most of the time.
    await tx.execute(sql`set local session_replication_role = replica`);
    await tx.execute(sql`set local maintenance_work_mem = '512MB'`);
    await tx.execute(sql`set local synchronous_commit = off`);
    const tables = [
      'subjects',
      'subject_shares',
      'renditions',
      'gallery_posts',
      'gallery_post_subjects',
    ];
    const indexes = await dropIndexes(tx, tables);
    await insertPeople(tx);
    await insertSubjects(tx, sizes.subjects);
    await insertShares(tx, sizes.subjects);
    await insertPosts(tx, sizes.posts, sizes.subjects);
    for (const definition of indexes) await tx.execute(sql.raw(definition));
  });
  for (const table of [
    'users',
    'guilds',
    'subjects',
    'subject_shares',
    'renditions',
    'gallery_posts',
    'gallery_post_subjects',
  ]) {
    await db.execute(sql.raw(`vacuum analyze ${table}`));
  }
  const { rows } = (await db.execute(
    sql`select id from subjects order by id limit 100`,
  )) as unknown as { rows: { id: string }[] };
  return {
    largestGuildId: guildId(0),
    busiestUserId: userId(0),
    busiestSubjectId: rows[0]!.id,
    subjectIds: rows.map(({ id }) => id),
    styles: STYLES,
    rareStyle: 'poster',
    guildId: (index) => guildId(index % GUILDS),
    userId: (index) => userId((index * 37) % USERS),
    roleId: (index) => roleId(index % ROLES),
  };
}

/** Drops what can be made again. @returns how */
async function dropIndexes(tx: Db, tables: readonly string[]): Promise<string[]> {
  const { rows } = (await tx.execute(
    sql`select indexname, indexdef from pg_indexes
        where schemaname = 'public' and tablename in ${sql`(${sql.join(
          tables.map((table) => sql`${table}`),
          sql`, `,
        )})`}
          and indexname not in (select conname from pg_constraint)`,
  )) as unknown as { rows: { indexname: string; indexdef: string }[] };
  for (const { indexname } of rows) await tx.execute(sql.raw(`drop index "${indexname}"`));
  return rows.map(({ indexdef }) => indexdef);
}

async function insertPeople(tx: Db): Promise<void> {
  await tx.execute(
    sql`insert into users (id) select ${flake(0, sql`n`)} from generate_series(0, ${USERS - 1}) n`,
  );
  await tx.execute(
    sql`insert into guilds (id) select ${flake(10_000_000, sql`n`)} from generate_series(0, ${GUILDS - 1}) n`,
  );
}

const subjectAt = sql`(now() - interval '600 days' + n * interval '1 millisecond')`;

async function insertSubjects(tx: Db, count: number): Promise<void> {
  await tx.execute(sql`
    insert into subjects (id, owner_id, guild_id, name, name_key, class_noun, identifier, base_checkpoint_hash, status, created_at)
    select ${uuidAt(subjectAt, sql`n`)}, ${flake(0, uneven('1', USERS))}, ${flake(10_000_000, uneven('2', GUILDS))},
      word || ' ' || n, lower(word) || ' ' || n, 'dog', 'id' || n, 'base', case when n % 50 = 0 then 'training' else 'ready' end, ${subjectAt}
    from (
      select n, (array['Rex', 'Momo', 'Bella', 'Mug', 'Tyrannosaurus rex', 'Änne', '猫', '100%'])[1 + ${even('3', 8)}] as word
      from generate_series(1, ${sql.raw(String(count))}) n
    ) named`);
}

/** Two fifths in the largest server, some in others, some for roles, people and everyone; a third stays private. */
async function insertShares(tx: Db, count: number): Promise<void> {
  await tx.execute(sql`
    insert into subject_shares (subject_id, name_key, grantee)
    select id, name_key, case
        when n % 10 < 4 then 'guild:' || ${flake(10_000_000, sql`0`)}
        when n % 10 = 4 then 'guild:' || ${flake(10_000_000, even('4', GUILDS))}
        when n % 10 = 5 then 'role:' || ${flake(20_000_000, even('5', ROLES))}
        when n % 20 = 6 then 'everyone'
        else 'user:' || ${flake(0, even('6', USERS))} end
    from (select id, name_key, row_number() over (order by id) as n from subjects limit ${count}) numbered
    where n % 10 <= 6`);
}

/** Pictures of one prompt, each published. */
const PICTURES = 4;

async function insertPosts(tx: Db, count: number, subjects: number): Promise<void> {
  // The newest last, evenly over the days; older ones had more time to be voted for.
  const total = sql.raw(String(Math.ceil(count / PICTURES)));
  const at = sql`(now() - ${sql.raw(`interval '${DAYS} days'`)} * (1 - n::float8 / ${total}))`;
  const guild = sql`case when ${even('7', 5)} < 2 then 0 else ${even('8', GUILDS)} end`;
  await tx.execute(sql`
    create temporary table drawn on commit drop as
    select n, at, ${uuidAt(sql`at`, sql`n`)} as id, ${flake(10_000_000, guild)} as guild_id,
      ${flake(0, uneven('9', USERS))} as user_id, 1 + ${uneven('10', subjects, 2)} as subject_n
    from (select n, ${at} as at from generate_series(1, ${total}) n) moments`);
  await tx.execute(sql`
    create temporary table numbered on commit drop as
    select id, row_number() over (order by id) as subject_n from subjects`);
  await tx.execute(sql`create index on numbered (subject_n)`);
  await tx.execute(sql`analyze numbered`);
  await tx.execute(sql`
    insert into renditions (id, user_id, subject_id, guild_id, channel_id, interaction_id, prompt, resolved_prompt, seed, count, settings, status, result_file_ids, created_at)
    select drawn.id, user_id, numbered.id, guild_id, 'c', 'i' || n, 'a [V] on the beach, number ' || n, 'a zwx dog on the beach, number ' || n,
      n, ${PICTURES}::int, '{}', 'succeeded', '["file", "file", "file", "file"]', at
    from drawn join numbered using (subject_n)`);
  await tx.execute(sql`
    create temporary table posted on commit drop as
    select ${sql.raw(String(PICTURES))} * n + picture as n, picture, drawn.id as rendition_id, guild_id, user_id, subject_n,
      at + picture * interval '1 millisecond' as at, ${uuidAt(sql`(at + picture * interval '1 millisecond')`, sql.raw(`(${PICTURES} * n + picture)`))} as id
    from drawn, generate_series(0, ${sql.raw(String(PICTURES - 1))}) picture`);
  await tx.execute(sql`
    insert into gallery_posts (id, rendition_id, picture_index, guild_id, author_id, status, style, vote_count, published_at, published_day, hall_of_fame_at, created_at)
    select id, rendition_id, picture, guild_id, user_id, case when n % 20 = 0 then 'withdrawn' else 'published' end,
      case when n % 10000 = 1 then 'poster' when n % 3 = 0 then null
        else (${sql`array[${sql.join(
          STYLES.map((style) => sql`${style}`),
          sql`, `,
        )}]`})[1 + ${even('11', STYLES.length)}] end,
      votes, at, floor(extract(epoch from at) / 86400)::int, case when votes >= 50 then at end, at
    from (select *, (${uneven('12', 100)} * (1.1 - n::float8 / ${PICTURES}::float8 / ${total}))::int as votes from posted) voted`);
  await tx.execute(sql`
    insert into gallery_post_subjects (subject_id, post_id, guild_id, allowed_at)
    select numbered.id, posted.id, guild_id, at from posted join numbered using (subject_n)`);
}
