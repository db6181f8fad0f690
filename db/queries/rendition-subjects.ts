/** @file Queries: which subjects renditions show, and on which shares each such use stands. */
import { and, asc, count, countDistinct, desc, eq, inArray, max, ne, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Artifact, artifacts } from '../schema/artifacts.ts';
import { renditionSubjects } from '../schema/rendition-subjects.ts';
import { renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';

/** A subject that somebody wants in a picture. */
export interface SubjectUse {
  readonly subjectId: string;
  /** The weights to draw it with; null where there are none. */
  readonly artifactId: string | null;
  /** The shares that let them, see `UsableSubject`; none for the owner's own. */
  readonly grantees: readonly string[];
}

/** Writes what a rendition shows, inside the transaction that makes it. */
export async function insertSubjectUses(
  tx: Db,
  renditionId: string,
  uses: readonly SubjectUse[],
): Promise<void> {
  if (uses.length === 0) return;
  await tx.insert(renditionSubjects).values(
    uses.map(({ subjectId, artifactId, grantees }, position) => ({
      renditionId,
      subjectId,
      artifactId,
      position,
      grantees: [...grantees],
    })),
  );
}

/** A subject in a picture, even a deleted one, and the weights that it is drawn with. */
export interface ShownSubject {
  readonly subject: Subject;
  readonly artifact: Artifact | null;
}

/** @returns the subjects of a rendition, in the prompt's order */
export async function listShownSubjects(db: Db, renditionId: string): Promise<ShownSubject[]> {
  return db
    .select({ subject: subjects, artifact: artifacts })
    .from(renditionSubjects)
    .innerJoin(subjects, eq(subjects.id, renditionSubjects.subjectId))
    .leftJoin(artifacts, eq(artifacts.id, renditionSubjects.artifactId))
    .where(eq(renditionSubjects.renditionId, renditionId))
    .orderBy(asc(renditionSubjects.position));
}

/**
 * Keeps the subjects of a picture from being deleted until the transaction ends: its rendition's, and those of the
 * pictures that it was drawn from.
 */
export async function lockSubjectsInPicture(tx: Db, renditionId: string): Promise<Subject[]> {
  const ids = sql`(
    with recursive origins (id) as (
      select ${renditionId}::uuid
      union select source_id from renditions join origins using (id) where source_id is not null
    )
    select subject_id from rendition_subjects
    where rendition_id in (select id from origins)
  )`;
  return tx
    .select()
    .from(subjects)
    .where(sql`${subjects.id} in ${ids}`)
    .orderBy(asc(subjects.id))
    .for('share');
}

/** Renditions with the subject in them, for `inArray(renditions.id, …)`. */
export const renditionsWith = (db: Db, subjectId: string) =>
  db
    .select({ id: renditionSubjects.renditionId })
    .from(renditionSubjects)
    .where(eq(renditionSubjects.subjectId, subjectId));

/** Uses whose every share was taken back since. */
const isRevoked = and(
  sql`cardinality(${renditionSubjects.grantees}) > 0`,
  sql`not exists (
    select from subject_shares
    where subject_shares.subject_id = ${renditionSubjects.subjectId}
      and subject_shares.grantee = any(${renditionSubjects.grantees})
  )`,
);

/** @returns whether the rendition shows a subject that is no longer shared with its asker */
export async function hasRevokedUse(db: Db, renditionId: string): Promise<boolean> {
  const rows = await db
    .select({ subjectId: renditionSubjects.subjectId })
    .from(renditionSubjects)
    .where(and(eq(renditionSubjects.renditionId, renditionId), isRevoked))
    .limit(1);
  return rows.length > 0;
}

/** Renditions of the subject that {@link hasRevokedUse}, for `inArray(renditions.id, …)`. */
export const renditionsRevokedFrom = (db: Db, subjectId: string) =>
  db
    .select({ id: renditionSubjects.renditionId })
    .from(renditionSubjects)
    .where(and(eq(renditionSubjects.subjectId, subjectId), isRevoked));

/** Keeps the rendition's subjects from being deleted until the transaction ends, in an order that is always the same. */
export async function lockSubjectsOf(tx: Db, renditionId: string): Promise<Subject[]> {
  const ids = tx
    .select({ id: renditionSubjects.subjectId })
    .from(renditionSubjects)
    .where(eq(renditionSubjects.renditionId, renditionId));
  return tx
    .select()
    .from(subjects)
    .where(inArray(subjects.id, ids))
    .orderBy(subjects.id)
    .for('share');
}

/** Who used a subject, the owner aside. */
export interface SubjectUsage {
  /** Prompts by others, ever. */
  readonly total: number;
  readonly users: number;
  /** Who asked most often, at most so many as were asked for. */
  readonly top: readonly { userId: string; count: number; lastAt: Date }[];
}

/** Counts how often others used a subject. */
export async function countSubjectUses(
  db: Db,
  subject: Pick<Subject, 'id' | 'ownerId'>,
  limit = 10,
): Promise<SubjectUsage> {
  const byOthers = and(
    eq(renditionSubjects.subjectId, subject.id),
    ne(renditions.userId, subject.ownerId),
  );
  const [all] = await db
    .select({ total: count(), users: countDistinct(renditions.userId) })
    .from(renditionSubjects)
    .innerJoin(renditions, eq(renditions.id, renditionSubjects.renditionId))
    .where(byOthers);
  const top = await db
    .select({ userId: renditions.userId, count: count(), lastAt: max(renditions.createdAt) })
    .from(renditionSubjects)
    .innerJoin(renditions, eq(renditions.id, renditionSubjects.renditionId))
    .where(byOthers)
    .groupBy(renditions.userId)
    .orderBy(desc(count()), renditions.userId)
    .limit(limit);
  return {
    total: all?.total ?? 0,
    users: all?.users ?? 0,
    top: top.flatMap(({ lastAt, ...user }) => (lastAt ? [{ ...user, lastAt }] : [])),
  };
}
