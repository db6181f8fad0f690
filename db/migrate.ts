/** @file Brings a database up to this release: our tables and, where it carries the queue, BullMQ's. */
import { fileURLToPath } from 'node:url';
import { runMigrations } from 'bullmq';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import type { Database } from './client.ts';
import { createPglitePool } from './pglite-pool.ts';

/** BullMQ's tables live in a schema of their own. */
export const queueSchema = 'bullmq';

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));
const lockName = 'rendition:migrate';

/**
 * Applies what is missing. Two processes may start at once: the second waits, then finds nothing to do.
 *
 * @param options.queue also prepares BullMQ's Postgres backend; needed unless the queue is on Redis
 */
export async function migrateDatabase(
  database: Database,
  options: { queue: boolean },
): Promise<void> {
  const { driver } = database;
  if (driver.kind === 'pglite') {
    await database.withLock(lockName, async () => {
      await migratePglite(drizzlePglite(driver.pglite), { migrationsFolder });
      if (!options.queue) return;
      const pool = createPglitePool(driver.pglite);
      await runMigrations(await pool.connect(), queueSchema);
      await pool.end();
    });
    return;
  }
  const client = await driver.pool.connect();
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lockName]);
    try {
      // Rather fail than queue behind a long query while everybody else queues behind us.
      await client.query("set lock_timeout = '30s'");
      await migratePg(drizzlePg(client), { migrationsFolder });
      if (options.queue) await runMigrations(client, queueSchema);
    } finally {
      await client.query('reset lock_timeout');
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lockName]);
    }
  } finally {
    // Destroyed rather than given back: a broken migration must not leave its session to others.
    client.release(true);
  }
}
