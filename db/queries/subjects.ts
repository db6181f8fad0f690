/** @file Queries: subjects: finding one by id or as the default, listing. */
import { and, desc, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { photos } from '../schema/photos.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { users } from '../schema/users.ts';
import { violatedConstraint } from './errors.ts';
import { normalizeSubjectName } from './subject-name.ts';

const alive = isNull(subjects.deletedAt);

/** @returns the subject, unless it was deleted */
export async function getSubject(db: Db, subjectId: string): Promise<Subject | undefined> {
  const [subject] = await db
    .select()
    .from(subjects)
    .where(and(eq(subjects.id, subjectId), alive));
  return subject;
}

/** @returns the subject that the user chose to be their default, unless it was deleted */
export async function getChosenSubject(db: Db, userId: string): Promise<Subject | undefined> {
  const [chosen] = await db
    .select({ subject: subjects })
    .from(users)
    .innerJoin(subjects, eq(subjects.id, users.defaultSubjectId))
    .where(and(eq(users.id, userId), alive));
  return chosen?.subject;
}

/** What a bare `[V]` stands for. */
export type DefaultSubject =
  | { readonly kind: 'found'; readonly subject: Subject }
  /** Several are ready and none was chosen: ask which. At most 25, newest first. */
  | { readonly kind: 'ambiguous'; readonly subjects: readonly Subject[] }
  /** None is ready, but this one is being trained. */
  | { readonly kind: 'training'; readonly subject: Subject }
  | { readonly kind: 'none' };

/** Finds what `[V]` means for a user: the chosen default, else the only ready subject. */
export async function findDefaultSubject(db: Db, userId: string): Promise<DefaultSubject> {
  const chosen = await getChosenSubject(db, userId);
  if (chosen?.status === 'ready') return { kind: 'found', subject: chosen };
  const mine = await db
    .select()
    .from(subjects)
    .where(and(eq(subjects.ownerId, userId), alive, ne(subjects.status, 'untrained')))
    .orderBy(sql`${subjects.status} = 'ready' desc`, desc(subjects.id))
    .limit(25);
  const ready = mine.filter((subject) => subject.status === 'ready');
  const [first] = mine;
  if (ready.length > 1) return { kind: 'ambiguous', subjects: ready };
  if (!first) return { kind: 'none' };
  return { kind: first.status === 'ready' ? 'found' : 'training', subject: first };
}

/**
 * Gives a subject another name; those it is shared with write the new one from now on.
 *
 * @returns the subject with its new name; undefined where the owner has no such subject any more
 */
export async function renameSubject(
  db: Db,
  owned: { readonly subjectId: string; readonly ownerId: string },
  name: string,
): Promise<Subject | 'taken' | undefined> {
  try {
    const [renamed] = await db
      .update(subjects)
      .set({ name, nameKey: normalizeSubjectName(name) })
      .where(and(eq(subjects.id, owned.subjectId), eq(subjects.ownerId, owned.ownerId), alive))
      .returning();
    return renamed;
  } catch (error) {
    if (violatedConstraint(error) === 'subjects_owner_name_unique') return 'taken';
    throw error;
  }
}

/** @returns a page of the user's subjects, newest first, each with how many photos it has */
export async function listSubjects(
  db: Db,
  where: { ownerId: string; limit?: number; offset?: number },
): Promise<{ subject: Subject; photoCount: number }[]> {
  return db
    .select({ subject: subjects, photoCount: sql<number>`count(${photos.id})::int` })
    .from(subjects)
    .leftJoin(photos, eq(photos.subjectId, subjects.id))
    .where(and(eq(subjects.ownerId, where.ownerId), alive))
    .groupBy(subjects.id)
    .orderBy(desc(subjects.id))
    .limit(where.limit ?? 25)
    .offset(where.offset ?? 0);
}

/** @returns how many photos a subject is learned from */
export async function countPhotos(db: Db, subjectId: string): Promise<number> {
  return db.$count(photos, eq(photos.subjectId, subjectId));
}

/** @returns identifiers that the user's other subjects on that base hold */
export async function listTakenIdentifiers(
  db: Db,
  where: { ownerId: string; baseCheckpointHash: string; exceptSubjectId?: string },
): Promise<string[]> {
  const rows = await db
    .select({ identifier: subjects.identifier })
    .from(subjects)
    .where(
      and(
        eq(subjects.ownerId, where.ownerId),
        eq(subjects.baseCheckpointHash, where.baseCheckpointHash),
        isNotNull(subjects.identifier),
        alive,
        where.exceptSubjectId === undefined ? undefined : ne(subjects.id, where.exceptSubjectId),
      ),
    );
  return rows.flatMap(({ identifier }) => (identifier === null ? [] : [identifier]));
}
