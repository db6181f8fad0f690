/** @file Queries: subjects while their names are being typed. At most 25, names that begin with the text first. */
import { and, asc, eq, isNull, ne, notInArray, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { subjectShares } from '../schema/subject-shares.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { type Asker, type Grantee, listGranteesOf, parseGrantee } from './grantees.ts';
import { normalizeSubjectName } from './subject-name.ts';

const LIMIT = 25;

/** As the search indexes have it. */
const searchKey = sql`${subjects.nameKey} collate "C"`;

/** A subject to choose. */
export interface FoundSubject {
  readonly subject: Subject;
  readonly access: 'mine' | Grantee['kind'];
}

/** @returns all subjects of an owner, untrained ones too, to manage them */
export async function searchOwnSubjects(
  db: Db,
  where: { ownerId: string; query: string },
): Promise<Subject[]> {
  return searchOwned(db, eq(subjects.ownerId, where.ownerId), where.query);
}

/** @returns what the asker may use here, for prompts: mine, then what is shared with me, from the nearest share on */
export async function searchUsableSubjects(
  db: Db,
  where: Asker & { query: string },
): Promise<FoundSubject[]> {
  const own = and(eq(subjects.ownerId, where.userId), eq(subjects.status, 'ready'));
  const mine = await searchOwned(db, own, where.query);
  const found = mine.map((subject): FoundSubject => ({ subject, access: 'mine' }));
  return found.length >= LIMIT
    ? found
    : [...found, ...(await searchShared(db, where, found.length))];
}

const patternsOf = (query: string) => {
  const text = normalizeSubjectName(query).replace(/[\\%_]/g, '\\$&');
  return text === '' ? ['%'] : [`${text}%`, `%${text}%`];
};

/** Prefix matches walk the index; only where they leave room are substrings looked for. */
async function searchOwned(
  db: Db,
  scope: ReturnType<typeof and>,
  query: string,
): Promise<Subject[]> {
  const found: Subject[] = [];
  for (const pattern of patternsOf(query)) {
    if (found.length >= LIMIT) break;
    const taken = found.map(({ id }) => id);
    const rows = await db
      .select()
      .from(subjects)
      .where(
        and(
          scope,
          isNull(subjects.deletedAt),
          pattern === '%' ? undefined : sql`${searchKey} like ${pattern}`,
          taken.length > 0 ? notInArray(subjects.id, taken) : undefined,
        ),
      )
      .orderBy(asc(searchKey), asc(subjects.id))
      .limit(LIMIT - taken.length);
    found.push(...rows);
  }
  return found;
}

/** One walk of the index a grantee, each at most as long as the answer: a large server costs no more than a small one. */
async function searchShared(
  db: Db,
  where: Asker & { query: string },
  taken: number,
): Promise<FoundSubject[]> {
  const grantees = listGranteesOf(where);
  const found = new Map<string, FoundSubject>();
  for (const pattern of patternsOf(where.query)) {
    if (found.size >= LIMIT - taken) break;
    const asked = db
      .select({
        grantee: sql<string>`asked.grantee`.as('asked_grantee'),
        rank: sql<number>`asked.rank`.as('rank'),
      })
      .from(sql`unnest(${sql.param(grantees)}::text[]) with ordinality as asked(grantee, rank)`)
      .as('asked');
    const shared = db
      .select({ subjectId: subjectShares.subjectId, nameKey: subjectShares.nameKey })
      .from(subjectShares)
      .innerJoin(subjects, eq(subjects.id, subjectShares.subjectId))
      .where(
        and(
          eq(subjectShares.grantee, asked.grantee),
          pattern === '%' ? undefined : sql`${subjectShares.nameKey} collate "C" like ${pattern}`,
          ne(subjects.ownerId, where.userId),
          eq(subjects.status, 'ready'),
          isNull(subjects.deletedAt),
        ),
      )
      .orderBy(sql`${subjectShares.nameKey} collate "C"`, asc(subjectShares.subjectId))
      // Those that were found already come again.
      .limit(LIMIT + found.size)
      .as('shared');
    const rows = await db
      .select({ grantee: asked.grantee, subject: subjects })
      .from(asked)
      .crossJoinLateral(shared)
      .innerJoin(subjects, eq(subjects.id, shared.subjectId))
      .orderBy(asc(asked.rank), sql`${shared.nameKey} collate "C"`, asc(shared.subjectId));
    for (const { grantee, subject } of rows) {
      if (!found.has(subject.id))
        found.set(subject.id, { subject, access: parseGrantee(grantee).kind });
    }
  }
  return [...found.values()].slice(0, LIMIT - taken);
}
