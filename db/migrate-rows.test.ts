/** @file What an earlier release wrote keeps its meaning: rows of the first migration, brought to this release. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from './client.ts';
import { migrateDatabase } from './migrate.ts';
import { listGalleryPage } from './queries/gallery-pages.ts';
import { findUsableSubject } from './queries/shares.ts';
import { softDeleteSubject } from './queries/subject-deletion.ts';

const migrations = fileURLToPath(new URL('../migrations', import.meta.url));
const id = (n: number) => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, '0')}`;

let database: Database;
let first: string;
beforeAll(async () => {
  first = mkdtempSync(path.join(tmpdir(), 'first-migration-'));
  cpSync(migrations, first, { recursive: true });
  const journal = path.join(first, 'meta/_journal.json');
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8'));
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 1) }));
  database = await openDatabase('pglite://memory');
  if (database.driver.kind !== 'pglite') throw new Error('no PGlite');
  await migrate(drizzle(database.driver.pglite), { migrationsFolder: first });
  const { db } = database;
  await db.execute(sql`insert into users (id) values ('owner'), ('guest')`);
  await db.execute(sql`insert into guilds (id) values ('here')`);
  for (const [n, visibility] of [
    [1, 'guild'],
    [2, 'private'],
  ] as const) {
    await db.execute(
      sql`insert into subjects (id, owner_id, guild_id, name, name_key, class_noun, status, visibility)
          values (${id(n)}, 'owner', 'here', ${`S${n}`}, ${`s${n}`}, 'dog', 'ready', ${visibility})`,
    );
    await db.execute(
      sql`insert into renditions (id, user_id, subject_id, guild_id, channel_id, interaction_id, prompt, resolved_prompt, seed, count, settings, status)
          values (${id(10 + n)}, 'owner', ${id(n)}, 'here', 'c', ${`i${n}`}, 'a [V]', 'a x dog', 1, 1, '{}', 'queued')`,
    );
    await db.execute(
      sql`insert into gallery_posts (id, rendition_id, picture_index, guild_id, author_id, subject_id, unpublished_at)
          values (${id(20 + n)}, ${id(10 + n)}, 0, 'here', 'owner', ${id(n)}, ${n === 1 ? null : sql`now()`})`,
    );
  }
  await migrateDatabase(database, { queue: false });
}, 600_000);
afterAll(async () => {
  await database?.close();
  rmSync(first, { recursive: true, force: true });
});

test('a subject that was shared with its server still is, and a private one is not', async () => {
  const guest = { userId: 'guest', guildId: 'here', roleIds: [] };
  expect(await findUsableSubject(database.db, guest, id(1))).toMatchObject({ access: 'guild' });
  expect(await findUsableSubject(database.db, guest, id(2))).toBeUndefined();
});

test('a published picture still is, with its subject, and a withdrawn one is not', async () => {
  const filter = { guildId: 'here', order: 'newest' } as const;
  const pages = [filter, { ...filter, subjectId: id(1) }].map((one) =>
    listGalleryPage(database.db, one),
  );
  for (const { items } of await Promise.all(pages)) {
    expect(items.map(({ post }) => post.id)).toEqual([id(21)]);
    expect(items[0]?.subjects.map(({ name }) => name)).toEqual(['S1']);
  }
});

test('a subject that is deleted afterwards takes its pictures along', async () => {
  await softDeleteSubject(database.db, { subjectId: id(1), ownerId: 'owner' });
  const { items } = await listGalleryPage(database.db, { guildId: 'here', order: 'newest' });
  expect(items).toEqual([]);
  const { rows } = (await database.db.execute(
    sql`select status from renditions order by id`,
  )) as unknown as { rows: { status: string }[] };
  expect(rows.map(({ status }) => status)).toEqual(['cancelled', 'queued']);
});
