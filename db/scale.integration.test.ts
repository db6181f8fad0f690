/** @file 100,000 subjects and 1,000,000 published pictures: autocomplete and gallery pages stay under 100 ms, through indexes. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from './client.ts';
import { migrateDatabase } from './migrate.ts';
import {
  type GalleryCursor,
  type GalleryFilter,
  galleryOrders,
  listGalleryPage,
} from './queries/gallery-pages.ts';
import type { Asker } from './queries/grantees.ts';
import { findSubjectByName, findUsableSubject } from './queries/shares.ts';
import { searchOwnSubjects, searchUsableSubjects } from './queries/subject-search.ts';
import { fillScale, type ScaleFacts } from './testing/scale-rows.ts';
import {
  createTestDatabase,
  missingTestServices,
  startTestServices,
  type TestServices,
} from './testing/services.ts';

/** A tenth where time is short. */
const SHARE = Number(process.env.TEST_SCALE ?? (process.env.CI ? 0.1 : 1));
const LIMIT_MS = 100;
/** Of each kind of query. */
const RUNS = 200;
/** What a page is found by: the index that has its order, so that no other post is read. */
const PAGE_INDEX = /^gallery_post(s|_subjects)_(.+_)?(page|top|top_of_day|hall_of_fame)$/;

const missing = missingTestServices();

describe.skipIf(missing !== undefined)(`at scale${missing ? ` (${missing})` : ''}`, () => {
  let services: TestServices;
  let database: Database;
  let facts: ScaleFacts;
  let drop = async () => {};
  let backendPid = 0;
  /** What the queries under test sent, with the values. */
  const sent: { text: string; values: unknown[] }[] = [];

  beforeAll(async () => {
    services = await startTestServices();
    const own = await createTestDatabase(services.postgresUrl);
    drop = own.drop;
    database = await openDatabase(own.url);
    await migrateDatabase(database, { queue: false });
    // One connection, so that its work can be told.
    poolOf(database).options.max = 1;
    const { rows } = await poolOf(database).query<{ pid: number }>(
      'select pg_backend_pid() as pid',
    );
    const isLocal = ['127.0.0.1', 'localhost', '::1'].includes(new URL(own.url).hostname);
    backendPid = isLocal ? (rows[0]?.pid ?? 0) : 0;
    const startedAt = performance.now();
    const workBefore = workMs();
    facts = await fillScale(database.db, {
      subjects: Math.round(100_000 * SHARE),
      posts: Math.round(1_000_000 * SHARE),
    });
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
    const worked = seconds(workMs() - workBefore);
    console.log(`filled in ${seconds(performance.now() - startedAt)}; database at work ${worked}`);
    listen(poolOf(database));
  }, 1_200_000);
  afterAll(async () => {
    await database?.close();
    await drop();
    await services?.stop();
  });

  const poolOf = ({ driver }: Database): pg.Pool => {
    if (driver.kind !== 'postgres') throw new Error('no Postgres');
    return driver.pool;
  };

  function listen(pool: pg.Pool): void {
    const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
    pool.query = ((config: { text?: string } | string, values?: unknown[]) => {
      const text = typeof config === 'string' ? config : (config.text ?? '');
      sent.push({ text, values: values ?? [] });
      return query(config, values);
    }) as typeof pool.query;
  }

  /** Runs it again and again with other values. */
  async function measure(name: string, run: (index: number) => Promise<unknown>): Promise<void> {
    for (let index = 0; index < 10; index += 1) await run(index);
    const times: number[] = [];
    const works: number[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      const workBefore = workMs();
      const startedAt = performance.now();
      await run(index);
      times.push(performance.now() - startedAt);
      works.push(workMs() - workBefore);
    }
    console.log(`${name.padEnd(44)} answered in ${told(times)}; database at work ${told(works)}`);
    // At full size the answer's time counts, and nothing else. The tenth runs on CI's machines, where the servers of
    // other jobs take the processor away for longer than any of these queries lasts: there, an answer may come late as
    // long as the database itself worked less than the limit for it. A query that is slow by itself fails either way.
    const answered = shareOf(times, 0.99);
    const worked = shareOf(works, 0.99) || Number.POSITIVE_INFINITY;
    const p99 = SHARE < 1 ? Math.min(answered, worked) : answered;
    expect(p99, `${name}: p99`).toBeLessThan(LIMIT_MS);
  }

  /** @returns how long the processor worked for our one connection; 0 where the server is not on this machine */
  function workMs(): number {
    try {
      const [nanoseconds] = readFileSync(`/proc/${backendPid}/schedstat`, 'utf8').split(' ');
      return Number(nanoseconds) / 1e6;
    } catch {
      return 0;
    }
  }

  /** Explains every statement that a query sends. @returns names of the indexes used */
  async function explain(run: () => Promise<unknown>): Promise<Set<string>> {
    sent.length = 0;
    await run();
    const statements = sent.splice(0);
    expect(statements.length).toBeGreaterThan(0);
    const indexes = new Set<string>();
    for (const { text, values } of statements) {
      const { rows } = await poolOf(database).query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
        `explain (format json) ${text}`,
        values,
      );
      for (const node of nodesOf(rows[0]!['QUERY PLAN'][0]!.Plan)) {
        const where = `${node['Node Type']} on ${node['Relation Name']}`;
        if (node['Relation Name']) expect(where, text).not.toMatch(/^Seq Scan/);
        if (node['Index Name']) indexes.add(node['Index Name']);
      }
    }
    sent.length = 0;
    return indexes;
  }

  const askerAt = (index: number): Asker => ({
    userId: facts.userId(index),
    guildId: index % 3 === 0 ? facts.largestGuildId : facts.guildId(index),
    roleIds: Array.from({ length: index % 30 }, (_, role) => facts.roleId(index + role)),
  });
  /** Beginnings, middles, nothing, and what is not there. */
  const typedAt = (index: number) =>
    ['', 'r', 're', 'rex', 'ex 1', '77', 'nothing like it', 'mo', `rex ${index}`, '%'][index % 10]!;

  describe('subjects', () => {
    test('while a name is typed are found in time', async () => {
      await measure('autocomplete, usable', (index) =>
        searchUsableSubjects(database.db, { ...askerAt(index), query: typedAt(index) }),
      );
      await measure('autocomplete, usable, in the largest server', (index) =>
        searchUsableSubjects(database.db, {
          ...askerAt(index),
          guildId: facts.largestGuildId,
          query: typedAt(index),
        }),
      );
      await measure('autocomplete, own, of the busiest owner', (index) =>
        searchOwnSubjects(database.db, { ownerId: facts.busiestUserId, query: typedAt(index) }),
      );
    });

    test('by name and by id are found in time', async () => {
      await measure('[name]', (index) =>
        findSubjectByName(database.db, askerAt(index), `rex ${index}`),
      );
      await measure('may use', (index) =>
        findUsableSubject(database.db, askerAt(index), facts.subjectIds[index % 100]!),
      );
    });

    test('are found through indexes', async () => {
      const where = { ...askerAt(3), query: 'rex' };
      const search = await explain(() => searchUsableSubjects(database.db, where));
      expect([...search]).toContain('subject_shares_search');
      const ownerId = facts.busiestUserId;
      const own = await explain(() => searchOwnSubjects(database.db, { ...where, ownerId }));
      expect([...own]).toContain('subjects_owner_search');
      await explain(() => searchUsableSubjects(database.db, { ...where, query: 'not there' }));
      await explain(() => searchOwnSubjects(database.db, { ...where, ownerId: where.userId }));
      await explain(() => findSubjectByName(database.db, where, 'rex 5'));
      await explain(() => findUsableSubject(database.db, where, facts.subjectIds[0]!));
    });
  });

  /** Made when asked for: there are no rows yet while tests are being listed. */
  const filters: Record<string, (index: number) => Partial<GalleryFilter>> = {
    all: () => ({}),
    'of a style': (index) => ({ style: facts.styles[index % facts.styles.length]! }),
    'of a rare style': () => ({ style: facts.rareStyle }),
    'by an author': (index) => ({ authorId: facts.userId(index) }),
    'by the busiest author': () => ({ authorId: facts.busiestUserId }),
    'of a subject': (index) => ({ subjectId: facts.subjectIds[index % 100]! }),
    'of the busiest subject': () => ({ subjectId: facts.busiestSubjectId }),
  };

  describe.each([...galleryOrders])('pages of a gallery, %s', (order) => {
    test.each(Object.entries(filters))('%s, come in time', async (name, filterAt) => {
      let cursor: GalleryCursor | undefined;
      await measure(`browse, ${order}, ${name}`, async (index) => {
        // Eight pages of one gallery, mostly the largest, then another one.
        const visit = Math.floor(index / 8);
        const guildId = visit % 4 === 3 ? facts.guildId(visit) : facts.largestGuildId;
        if (index % 8 === 0) cursor = undefined;
        const filter = { guildId, order, ...filterAt(visit) };
        cursor = (await listGalleryPage(database.db, filter, { cursor })).next;
      });
    });

    test('come through indexes', async () => {
      const guildId = facts.largestGuildId;
      for (const filterAt of Object.values(filters)) {
        const filter = { guildId, order, ...filterAt(0) };
        const indexes = await explain(() => listGalleryPage(database.db, filter));
        expect([...indexes].filter((index) => PAGE_INDEX.test(index))).not.toEqual([]);
      }
    });

    test('are in order, without a gap or a double from page to page', async () => {
      const filter = { guildId: facts.largestGuildId, order };
      const seen: { id: string; votes: number }[] = [];
      let cursor: GalleryCursor | undefined;
      for (let page = 0; page < 5; page += 1) {
        const { items, next } = await listGalleryPage(database.db, filter, { cursor });
        seen.push(...items.map(({ post }) => ({ id: post.id, votes: post.voteCount })));
        cursor = next;
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(20);
      const isByVotes = order !== 'newest' && order !== 'hall';
      const sorted = [...seen].sort((a, b) => {
        if (isByVotes && a.votes !== b.votes) return b.votes - a.votes;
        return a.id < b.id ? 1 : -1;
      });
      expect(seen).toEqual(sorted);
      const [first] = await bestByHand(order);
      expect(seen[0]?.id).toBe(first);
    });
  });

  /** The same the slow way, without any index in mind. */
  async function bestByHand(order: (typeof galleryOrders)[number]): Promise<string[]> {
    const days = { week: 7, month: 30 }[order as 'week' | 'month'] ?? 100_000;
    const isByVotes = order !== 'newest' && order !== 'hall';
    const found = (await database.db.execute(sql`
      select id from gallery_posts
      where guild_id = ${facts.largestGuildId} and status = 'published'
        and published_day > floor(extract(epoch from now()) / 86400)::int - ${days}::int
        and (${order !== 'hall'}::boolean or hall_of_fame_at is not null)
      order by case when ${isByVotes}::boolean then vote_count else 0 end desc, id desc limit 1
    `)) as unknown as { rows: { id: string }[] };
    return found.rows.map(({ id }) => id);
  }
});

const shareOf = (times: readonly number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ??
  0;
const told = (times: readonly number[]): string =>
  `p50 ${shareOf(times, 0.5).toFixed(1)} ms, p99 ${shareOf(times, 0.99).toFixed(1)} ms`;

/** The parts of a plan that are looked at. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
