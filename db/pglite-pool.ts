/** @file Lets BullMQ's Postgres backend run on PGlite: one session that looks like a pool of connections. */
import { EventEmitter } from 'node:events';
import type { PGlite, Results, Transaction } from '@electric-sql/pglite';
import type { PgPool, PgPoolClient, PgQueryResult } from 'bullmq';

/** PGlite gives int8 as numbers; node-postgres, which BullMQ expects, as text. */
const asNodePostgres = { parsers: { 20: (value: string) => value } };

type Session = Pick<PGlite, 'query' | 'exec'> | Pick<Transaction, 'query' | 'exec'>;

async function runOn(
  session: Session,
  text: string,
  params?: readonly unknown[],
): Promise<PgQueryResult> {
  // Only the simple protocol (`exec`) takes several statements; only the extended one takes parameters.
  const result: Results | undefined =
    params === undefined || params.length === 0
      ? (await session.exec(text, asNodePostgres)).at(-1)
      : await session.query(text, [...params], asNodePostgres);
  const rows = (result?.rows ?? []) as PgQueryResult['rows'];
  return { rows, rowCount: rows.length || (result?.affectedRows ?? 0) };
}

/** One "connection": its own listeners and, from BEGIN to COMMIT, the whole session to itself. */
class PgliteClient extends EventEmitter implements PgPoolClient {
  readonly #pglite: PGlite;
  readonly #onRelease: (client: PgliteClient) => void;
  #open: { tx: Transaction; end: (how: 'commit' | 'rollback') => Promise<void> } | undefined;

  constructor(pglite: PGlite, onRelease: (client: PgliteClient) => void) {
    super();
    this.setMaxListeners(0);
    this.#pglite = pglite;
    this.#onRelease = onRelease;
  }

  async query(text: string, params?: readonly unknown[]): Promise<PgQueryResult> {
    const [verb] = /^\s*[a-z]+/i.exec(text) ?? [''];
    switch (verb.trim().toUpperCase()) {
      case 'BEGIN':
        await this.#begin();
        return { rows: [], rowCount: 0 };
      case 'COMMIT':
        await this.#end('commit');
        return { rows: [], rowCount: 0 };
      case 'ROLLBACK':
        await this.#end('rollback');
        return { rows: [], rowCount: 0 };
      case 'UNLISTEN':
        // The session's other listeners would go deaf too.
        return { rows: [], rowCount: 0 };
      default:
        return runOn(this.#open?.tx ?? this.#pglite, text, params);
    }
  }

  release(): void {
    this.removeAllListeners();
    void this.#end('rollback').catch(() => undefined);
    this.#onRelease(this);
  }

  /** Enters a PGlite transaction and stays in it: every other query of the process waits. */
  async #begin(): Promise<void> {
    let finish: (how: 'commit' | 'rollback') => void = () => undefined;
    const ended = new Promise<'commit' | 'rollback'>((resolve) => {
      finish = resolve;
    });
    await new Promise<void>((resolve, reject) => {
      const whole = this.#pglite.transaction(async (tx) => {
        this.#open = {
          tx,
          end: async (how) => {
            finish(how);
            await whole;
          },
        };
        resolve();
        if ((await ended) === 'rollback') await tx.rollback();
      });
      whole.catch(reject);
    });
  }

  async #end(how: 'commit' | 'rollback'): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.end(how);
  }
}

/**
 * Wraps PGlite as BullMQ's `PgPool`. Closing the pool leaves PGlite open, since it is also the database.
 *
 * @param pglite its `search_path` must reach BullMQ's schema
 * @returns the pool; `end()` it after everything that uses it
 */
export function createPglitePool(pglite: PGlite): PgPool {
  const clients = new Set<PgliteClient>();
  const events = new EventEmitter();
  let ended = false;
  const stopForwarding = pglite.onNotification((channel, payload) => {
    for (const client of clients) client.emit('notification', { channel, payload });
  });
  const refuseWhenEnded = () => {
    // BullMQ knows node-postgres' words and takes them for a late query of something that was closed.
    if (ended) throw new Error('Cannot use a pool after calling end on the pool');
  };
  const pool: PgPool = {
    async query(text: string, params?: readonly unknown[]) {
      refuseWhenEnded();
      return runOn(pglite, text, params);
    },
    async connect() {
      refuseWhenEnded();
      const client = new PgliteClient(pglite, (released) => clients.delete(released));
      clients.add(client);
      return client;
    },
    async end() {
      ended = true;
      stopForwarding();
      for (const client of clients) client.release();
    },
    // biome-ignore lint/suspicious/noExplicitAny: the interface has a listener type per event
    on(event: string, listener: (argument: any) => void) {
      events.on(event, listener);
      return pool;
    },
    removeAllListeners(event?: string) {
      events.removeAllListeners(event);
      return pool;
    },
  };
  return pool;
}
