/** @file Queries: sharing. The one place that answers: may this user use that subject here? */
import { and, asc, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type SubjectShare, subjectShares } from '../schema/subject-shares.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import {
  type Asker,
  formatGrantee,
  type Grantee,
  listGranteesOf,
  parseGrantee,
} from './grantees.ts';
import { stopRevokedRenditions } from './rendition-ends.ts';
import { normalizeSubjectName } from './subject-name.ts';

/** A subject that the asker may use, and why. */
export interface UsableSubject {
  readonly subject: Subject;
  /** The nearest reason: their own, or the kind of the share. */
  readonly access: 'mine' | Grantee['kind'];
  /** Every share that includes them here; none for the owner. Goes into the row of what they make of it. */
  readonly grantees: readonly string[];
}

const alive = isNull(subjects.deletedAt);
/** Others see a subject once it can be used. */
const isReady = eq(subjects.status, 'ready');

/**
 * Answers whether the asker may use a subject where they are. Every use goes through here, however the subject was
 * found.
 *
 * @returns undefined where they may not, or it was deleted; an owner's own may be untrained still: look at its status
 */
export async function findUsableSubject(
  db: Db,
  asker: Asker,
  subjectId: string,
): Promise<UsableSubject | undefined> {
  const [subject] = await db
    .select()
    .from(subjects)
    .where(and(eq(subjects.id, subjectId), alive));
  if (!subject) return undefined;
  if (subject.ownerId === asker.userId) return { subject, access: 'mine', grantees: [] };
  if (subject.status !== 'ready') return undefined;
  const including = listGranteesOf(asker);
  const shares = await db
    .select({ grantee: subjectShares.grantee })
    .from(subjectShares)
    .where(and(eq(subjectShares.subjectId, subjectId), inArray(subjectShares.grantee, including)));
  const grantees = including.filter((grantee) => shares.some((share) => share.grantee === grantee));
  const [nearest] = grantees;
  return nearest === undefined
    ? undefined
    : { subject, access: parseGrantee(nearest).kind, grantees };
}

/**
 * Finds what `[name]` means: mine, then one shared with me, with a role of mine, with this server, with everyone.
 *
 * @returns an owner's own may be untrained still: look at its status
 */
export async function findSubjectByName(
  db: Db,
  asker: Asker,
  name: string,
): Promise<UsableSubject | undefined> {
  const nameKey = normalizeSubjectName(name);
  const mine = await findOwnSubjectByName(db, asker.userId, name);
  if (mine) return { subject: mine, access: 'mine', grantees: [] };
  const kind = sql`array_position(array['user', 'role', 'guild'], split_part(${subjectShares.grantee}, ':', 1))`;
  const [shared] = await db
    .select({ subjectId: subjectShares.subjectId })
    .from(subjectShares)
    .innerJoin(subjects, eq(subjects.id, subjectShares.subjectId))
    .where(
      and(
        inArray(subjectShares.grantee, listGranteesOf(asker)),
        sql`${subjectShares.nameKey} collate "C" = ${nameKey}`,
        alive,
        isReady,
      ),
    )
    .orderBy(sql`${kind} nulls last`, asc(subjectShares.subjectId))
    .limit(1);
  return shared && findUsableSubject(db, asker, shared.subjectId);
}

/** @returns the user's own subject of that name, trained ones first */
export async function findOwnSubjectByName(
  db: Db,
  ownerId: string,
  name: string,
): Promise<Subject | undefined> {
  const [mine] = await db
    .select()
    .from(subjects)
    .where(
      and(eq(subjects.ownerId, ownerId), eq(subjects.nameKey, normalizeSubjectName(name)), alive),
    )
    .orderBy(sql`${subjects.status} = 'untrained'`, desc(subjects.id))
    .limit(1);
  return mine;
}

/** Which subject, and who says that it is theirs. */
export interface OwnedSubject {
  readonly subjectId: string;
  readonly ownerId: string;
}

/**
 * Shares a subject. Sharing twice is sharing once.
 *
 * @returns undefined where the user has no such subject
 */
export async function shareSubject(
  db: Db,
  owned: OwnedSubject,
  grantees: readonly Grantee[],
): Promise<Subject | undefined> {
  return db.transaction(async (tx) => {
    const subject = await lockOwned(tx, owned);
    if (!subject || grantees.length === 0) return subject;
    const { id: subjectId, nameKey } = subject;
    await tx
      .insert(subjectShares)
      .values(grantees.map((one) => ({ subjectId, nameKey, grantee: formatGrantee(one) })))
      .onConflictDoNothing();
    return subject;
  });
}

/** What taking shares back did. */
export interface RevokedShares {
  readonly subject: Subject;
  readonly revoked: readonly Grantee[];
  /** How many waiting renditions ended by it; each of their askers is told. */
  readonly stopped: number;
}

/**
 * Takes shares back, or all of them. Waiting renditions that no share allows any more end with a failure.
 *
 * @returns undefined where the user has no such subject
 */
export async function revokeShares(
  db: Db,
  owned: OwnedSubject,
  grantees: readonly Grantee[] | 'all',
): Promise<RevokedShares | undefined> {
  return db.transaction(async (tx) => {
    const subject = await lockOwned(tx, owned);
    if (!subject) return undefined;
    const rows = await tx
      .delete(subjectShares)
      .where(
        and(
          eq(subjectShares.subjectId, subject.id),
          grantees === 'all'
            ? undefined
            : inArray(subjectShares.grantee, grantees.map(formatGrantee)),
        ),
      )
      .returning({ grantee: subjectShares.grantee });
    const revoked = rows.map(({ grantee }) => parseGrantee(grantee));
    const stopped = rows.length > 0 ? await stopRevokedRenditions(tx, subject.id) : 0;
    return { subject, revoked, stopped };
  });
}

/** @returns with whom a subject is shared, oldest first */
export async function listShares(db: Db, subjectId: string): Promise<SubjectShare[]> {
  return db
    .select()
    .from(subjectShares)
    .where(eq(subjectShares.subjectId, subjectId))
    .orderBy(asc(subjectShares.createdAt), asc(subjectShares.grantee));
}

/** Takes every share back, inside the transaction that deletes the subject. */
export async function forgetSharesOfSubject(tx: Db, subjectId: string): Promise<void> {
  await tx.delete(subjectShares).where(eq(subjectShares.subjectId, subjectId));
}

async function lockOwned(
  tx: Db,
  { subjectId, ownerId }: OwnedSubject,
): Promise<Subject | undefined> {
  const [subject] = await tx
    .select()
    .from(subjects)
    .where(and(eq(subjects.id, subjectId), eq(subjects.ownerId, ownerId), alive))
    .for('update');
  return subject;
}
