/** @file Opens the database both processes share: Postgres or PGlite, from one URL. */
import { mkdirSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import pg from 'pg';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';

/** What queries take first: the database, or a transaction of it. */
export type Db = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** The driver below, for the queue and the migrations only. */
export type DatabaseDriver =
  | { readonly kind: 'postgres'; readonly url: string; readonly pool: pg.Pool }
  | { readonly kind: 'pglite'; readonly pglite: PGlite };

/** An open database. */
export interface Database {
  /** What queries take first. */
  readonly db: Db;
  readonly driver: DatabaseDriver;
  /**
   * Runs `work` while no other process (nor other caller in this one) runs work of the same name.
   * On Postgres it keeps one connection busy, so it suits minutes of work, not hours by the dozen.
   *
   * @param name what is locked, for example `class-images:<set id>`
   */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Waits for running queries, then closes. Safe to call twice. */
  close(): Promise<void>;
}

/** How {@link openDatabase} opens. */
export interface OpenDatabaseOptions {
  /** Postgres connections, at most. */
  readonly maxConnections?: number;
  /** Hears of connections that broke while idle; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void;
}

/**
 * Opens the database.
 *
 * @param url `postgres://…`, `pglite:///absolute/folder` or `pglite://memory`
 * @throws {TypeError} when the URL is none of these; the message does not repeat it
 * @throws {Error} when another process has the PGlite folder open
 */
export async function openDatabase(
  url: string,
  options: OpenDatabaseOptions = {},
): Promise<Database> {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, options);
  if (url === 'pglite://memory') return openPglite(await PGlite.create(), undefined);
  const folder = pgliteFolder(url);
  mkdirSync(folder, { recursive: true });
  const lock = lockDirectory(folder);
  try {
    return openPglite(await PGlite.create({ dataDir: folder }), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @returns whether two processes can share the database behind the URL */
export function isSharedDatabaseUrl(url: string): boolean {
  return !url.startsWith('pglite:');
}

function pgliteFolder(url: string): string {
  const folder = url.startsWith('pglite://') ? decodeURI(url.slice('pglite://'.length)) : '';
  if (!isAbsolute(folder)) {
    throw new TypeError(
      'database URL: expected postgres://…, pglite:///absolute/folder or pglite://memory',
    );
  }
  return folder;
}

function openPostgres(url: string, options: OpenDatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onError?.(error));
  let closing: Promise<void> | undefined;
  return {
    db: drizzlePg(pool) as unknown as Db,
    driver: { kind: 'postgres', url, pool },
    async withLock(name, work) {
      const client = await pool.connect();
      try {
        await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
        try {
          return await work();
        } finally {
          await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
        }
      } finally {
        client.release();
      }
    },
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
}

function openPglite(pglite: PGlite, lock: DirectoryLock | undefined): Database {
  // One session: advisory locks would let every caller in, so callers queue up here instead.
  const tails = new Map<string, Promise<unknown>>();
  let closing: Promise<void> | undefined;
  return {
    db: drizzlePglite(pglite) as unknown as Db,
    driver: { kind: 'pglite', pglite },
    async withLock(name, work) {
      const previous = tails.get(name) ?? Promise.resolve();
      const mine = previous.then(work, work);
      const tail = mine.catch(() => undefined);
      tails.set(name, tail);
      try {
        return await mine;
      } finally {
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
    close: () => {
      closing ??= pglite.close().finally(() => lock?.release());
      return closing;
    },
  };
}
