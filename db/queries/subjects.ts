/** @file Queries: subjects: finding one for a prompt, listing, searching, deleting. */
import {
  and,
  asc,
  desc,
  eq,
  exists,
  isNotNull,
  isNull,
  ne,
  notInArray,
  or,
  sql,
} from 'drizzle-orm';
import type { Db } from '../client.ts';
import { artifacts } from '../schema/artifacts.ts';
import { galleryPosts } from '../schema/gallery-posts.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { photos } from '../schema/photos.ts';
import { renditions } from '../schema/renditions.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { trainingRuns } from '../schema/training-runs.ts';
import { users } from '../schema/users.ts';
import { unpublishPostsOfSubject } from './gallery-posts.ts';
import { forgetOutcomesOfSubject, listOutcomeFilesOfSubject } from './outbox-deliveries.ts';
import {
  forgetPicturesOfSubject,
  listPicturesOfSubject,
  stopRenditionsOfSubject,
} from './renditions.ts';
import { normalizeSubjectName } from './subject-name.ts';
import { stopTrainingsOfSubject } from './training-runs.ts';

const alive = isNull(subjects.deletedAt);
/** As the search indexes have it. */
const searchKey = sql`${subjects.nameKey} collate "C"`;

/** @returns the subject, unless it was deleted */
export async function getSubject(db: Db, subjectId: string): Promise<Subject | undefined> {
  const [subject] = await db
    .select()
    .from(subjects)
    .where(and(eq(subjects.id, subjectId), alive));
  return subject;
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
  const [chosen] = await db
    .select({ subject: subjects })
    .from(users)
    .innerJoin(subjects, eq(subjects.id, users.defaultSubjectId))
    .where(and(eq(users.id, userId), alive, eq(subjects.status, 'ready')));
  if (chosen) return { kind: 'found', subject: chosen.subject };
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

/** Whose subject a name led to. Subjects shared with named users come between the two, with sharing. */
export interface NamedSubject {
  readonly subject: Subject;
  readonly access: 'mine' | 'guild';
}

/**
 * Finds the subject that `[name]` means: mine, else one that this server shares.
 * It may be in training still: look at its status.
 */
export async function findSubjectByName(
  db: Db,
  where: { userId: string; guildId: string | null; name: string },
): Promise<NamedSubject | undefined> {
  const nameKey = normalizeSubjectName(where.name);
  const [mine] = await db
    .select()
    .from(subjects)
    .where(and(eq(subjects.ownerId, where.userId), eq(subjects.nameKey, nameKey), alive))
    .orderBy(sql`${subjects.status} = 'untrained'`, desc(subjects.id))
    .limit(1);
  if (mine) return { subject: mine, access: 'mine' };
  if (where.guildId === null) return undefined;
  const [shared] = await db
    .select()
    .from(subjects)
    .where(
      and(
        eq(subjects.guildId, where.guildId),
        eq(subjects.visibility, 'guild'),
        eq(subjects.status, 'ready'),
        eq(subjects.nameKey, nameKey),
        alive,
      ),
    )
    .orderBy(asc(subjects.id))
    .limit(1);
  return shared && { subject: shared, access: 'guild' };
}

/**
 * Finds subjects for autocomplete: mine, then this server's, names that begin with the text first.
 *
 * @param where.scope `usable`: ready ones, mine or shared (for prompts); `own`: all mine (to manage)
 * @returns at most `limit`, 25 unless told
 */
export async function searchSubjects(
  db: Db,
  where: {
    userId: string;
    guildId: string | null;
    query: string;
    scope?: 'usable' | 'own';
    limit?: number;
  },
): Promise<Subject[]> {
  const limit = where.limit ?? 25;
  const ready = where.scope === 'own' ? undefined : eq(subjects.status, 'ready');
  const mine = await searchNames(
    db,
    and(eq(subjects.ownerId, where.userId), ready),
    where.query,
    limit,
  );
  if (where.scope === 'own' || where.guildId === null || mine.length >= limit) return mine;
  const shared = await searchNames(
    db,
    and(
      eq(subjects.guildId, where.guildId),
      eq(subjects.visibility, 'guild'),
      ne(subjects.ownerId, where.userId),
      ready,
    ),
    where.query,
    limit - mine.length,
  );
  return [...mine, ...shared];
}

/** Prefix matches walk the index; only where they leave room are substrings looked for. */
async function searchNames(
  db: Db,
  scope: ReturnType<typeof and>,
  query: string,
  limit: number,
): Promise<Subject[]> {
  const text = normalizeSubjectName(query).replace(/[\\%_]/g, '\\$&');
  const matching = (pattern: string, taken: readonly Subject[]) =>
    db
      .select()
      .from(subjects)
      .where(
        and(
          scope,
          alive,
          pattern === '%' ? undefined : sql`${searchKey} like ${pattern}`,
          taken.length > 0
            ? notInArray(
                subjects.id,
                taken.map((subject) => subject.id),
              )
            : undefined,
        ),
      )
      .orderBy(asc(searchKey), asc(subjects.id))
      .limit(limit - taken.length);
  const prefixed = await matching(`${text}%`, []);
  if (text === '' || prefixed.length >= limit) return prefixed;
  return [...prefixed, ...(await matching(`%${text}%`, prefixed))];
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

/** Shares a subject with its server, or takes it back; false where it is not the user's. */
export async function setSubjectVisibility(
  db: Db,
  where: { subjectId: string; ownerId: string },
  visibility: Subject['visibility'],
): Promise<boolean> {
  const rows = await db
    .update(subjects)
    .set({ visibility })
    .where(and(eq(subjects.id, where.subjectId), eq(subjects.ownerId, where.ownerId), alive))
    .returning({ id: subjects.id });
  return rows.length > 0;
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

/** What is left to do for a deleted subject. */
export interface DeletedSubject {
  readonly subject: Subject;
  /** Stored photos, weights, samples and renditions: delete them, then call {@link purgeSubject}. */
  readonly fileIds: readonly string[];
  /** Gallery posts that were withdrawn: delete their messages where they have one. */
  readonly posts: readonly { id: string; channelId: string | null; messageId: string | null }[];
}

/**
 * Deletes a subject for its owner: it is gone from every list at once, its trainings and renditions
 * stop, its published pictures are withdrawn.
 *
 * @returns undefined where the user has no such subject
 */
export async function softDeleteSubject(
  db: Db,
  where: { subjectId: string; ownerId: string },
): Promise<DeletedSubject | undefined> {
  return db.transaction(async (tx) => {
    const [subject] = await tx
      .update(subjects)
      .set({ deletedAt: sql`now()` })
      .where(and(eq(subjects.id, where.subjectId), eq(subjects.ownerId, where.ownerId), alive))
      .returning();
    if (!subject) return undefined;
    await tx
      .update(users)
      .set({ defaultSubjectId: null })
      .where(and(eq(users.id, where.ownerId), eq(users.defaultSubjectId, subject.id)));
    await stopTrainingsOfSubject(tx, subject.id);
    await stopRenditionsOfSubject(tx, subject.id);
    const posts = await unpublishPostsOfSubject(tx, subject.id);
    return { subject, fileIds: await listFileIds(tx, subject.id), posts };
  });
}

/**
 * Forgets the files of a deleted subject, once they are gone: photos and weights lose their rows, renditions their
 * pictures, and outcomes that named pictures say that the subject was deleted.
 */
export async function purgeSubject(db: Db, subjectId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [subject] = await tx
      .select({ id: subjects.id })
      .from(subjects)
      .where(and(eq(subjects.id, subjectId), isNotNull(subjects.deletedAt)));
    if (!subject) return;
    await tx.delete(photos).where(eq(photos.subjectId, subjectId));
    await tx.delete(artifacts).where(eq(artifacts.subjectId, subjectId));
    await forgetPicturesOfSubject(tx, subjectId);
    await forgetOutcomesOfSubject(tx, subjectId);
  });
}

/** @returns deleted subjects whose files may still be there, because a process died in between */
export async function listUnpurgedSubjects(
  db: Db,
  limit = 100,
): Promise<{ subjectId: string; ownerId: string; fileIds: string[] }[]> {
  const rows = await db
    .select({ id: subjects.id, ownerId: subjects.ownerId })
    .from(subjects)
    .where(
      and(
        isNotNull(subjects.deletedAt),
        or(
          exists(db.select().from(photos).where(eq(photos.subjectId, subjects.id))),
          exists(db.select().from(artifacts).where(eq(artifacts.subjectId, subjects.id))),
          exists(
            db
              .select()
              .from(renditions)
              .where(
                and(eq(renditions.subjectId, subjects.id), isNotNull(renditions.resultFileIds)),
              ),
          ),
          exists(
            db
              .select({ id: trainingRuns.id })
              .from(trainingRuns)
              .innerJoin(
                outboxDeliveries,
                and(
                  eq(outboxDeliveries.kind, 'training'),
                  eq(outboxDeliveries.refId, trainingRuns.id),
                  sql`${outboxDeliveries.payload} ->> 'outcome' = 'succeeded'`,
                ),
              )
              .where(eq(trainingRuns.subjectId, subjects.id)),
          ),
        ),
      ),
    )
    .limit(limit);
  const unpurged = [];
  for (const { id, ownerId } of rows) {
    unpurged.push({ subjectId: id, ownerId, fileIds: await listFileIds(db, id) });
  }
  return unpurged;
}

/** @returns how many pictures of the subject are in galleries now */
export async function countPublishedPictures(db: Db, subjectId: string): Promise<number> {
  return db.$count(
    galleryPosts,
    and(eq(galleryPosts.subjectId, subjectId), isNull(galleryPosts.unpublishedAt)),
  );
}

async function listFileIds(db: Db, subjectId: string): Promise<string[]> {
  const ofPhotos = await db
    .select({ fileId: photos.storageFileId })
    .from(photos)
    .where(eq(photos.subjectId, subjectId));
  const ofArtifacts = await db
    .select({ fileId: artifacts.storageFileId, samples: artifacts.sampleFileIds })
    .from(artifacts)
    .where(eq(artifacts.subjectId, subjectId));
  const pictures = [
    ...(await listPicturesOfSubject(db, subjectId)),
    ...(await listOutcomeFilesOfSubject(db, subjectId)),
  ];
  const named = [...ofPhotos, ...ofArtifacts].map(({ fileId }) => fileId);
  pictures.push(...ofArtifacts.flatMap(({ samples }) => samples));
  // Pictures stand in the rows that they were made for, and in the outcomes.
  return [...new Set([...named, ...pictures])];
}
