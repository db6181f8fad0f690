/** @file The migration tests, as one body that runs on PGlite and on Postgres. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../client.ts';
import { migrateDatabase } from '../migrate.ts';

/**
 * Declares the tests.
 *
 * @param open opens an empty database twice where two processes can share it, else once
 */
export function describeMigrations(name: string, open: () => Promise<Database[]>): void {
  describe(`migrations on ${name}`, () => {
    let databases: Database[];

    beforeAll(async () => {
      databases = await open();
    }, 120_000);
    afterAll(async () => {
      for (const database of databases ?? []) await database.close();
    });

    const first = () => {
      const [database] = databases;
      if (!database) throw new Error('no database');
      return database;
    };
    const listTables = async (schema: string) => {
      const { rows } = (await first().db.execute(
        sql`select table_name as name from information_schema.tables
            where table_schema = ${schema} order by 1`,
      )) as unknown as { rows: { name: string }[] };
      return rows.map((row) => row.name);
    };

    it('make every table when two starters come at once', async () => {
      await Promise.all(
        [...databases, ...databases].map((database) => migrateDatabase(database, { queue: false })),
      );
      expect(await listTables('public')).toEqual([
        'artifacts',
        'class_image_sets',
        'gallery_post_subjects',
        'gallery_posts',
        'gallery_votes',
        'guilds',
        'outbox_deliveries',
        'owed_answers',
        'photos',
        'rendition_drafts',
        'rendition_subjects',
        'renditions',
        'reports',
        'subject_shares',
        'subjects',
        'training_drafts',
        'training_runs',
        'users',
      ]);
      expect(await listTables('bullmq')).toEqual([]);
    });

    it('add the queue later, beside the tables and not among them', async () => {
      const before = await listTables('public');
      await Promise.all(
        [...databases, ...databases].map((database) => migrateDatabase(database, { queue: true })),
      );
      const ofQueue = await listTables('bullmq');
      expect(ofQueue).toContain('job');
      expect(await listTables('public')).toEqual(before);
      expect(ofQueue.filter((table) => before.includes(table))).toEqual([]);
    });

    it('have nothing to do the second time', async () => {
      const count = async () => {
        const { rows } = (await first().db.execute(
          sql`select count(*)::int as count from drizzle.__drizzle_migrations`,
        )) as unknown as { rows: { count: number }[] };
        return rows[0]?.count;
      };
      const before = await count();
      await migrateDatabase(first(), { queue: true });
      expect(before).toBeGreaterThan(0);
      expect(await count()).toBe(before);
    });
  });
}
