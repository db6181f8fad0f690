/** @file Queries: renditions. Every write of a worker names its attempt; a stale attempt writes nothing. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, notInArray, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import type { FailureDetail, Outcome } from '../jobs/outcome.ts';
import {
  type RenderFailureCode,
  type RenderProgress,
  type RenderResult,
  type RenderSettings,
  renderSettingsSchema,
} from '../jobs/render-prompt.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { isTerminal, openStatuses, type RowStatus } from '../schema/status.ts';
import { onlyRow, violatedConstraint } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { insertDelivery } from './outbox-deliveries.ts';
import {
  hasRevokedUse,
  insertSubjectUses,
  listShownSubjects,
  lockSubjectsOf,
  renditionsRevokedFrom,
  renditionsWith,
  type ShownSubject,
  type SubjectUse,
} from './rendition-subjects.ts';
import type { CancelRequest } from './training-runs.ts';
import { ensureUser } from './users.ts';

/** What `/imagine` asked for. */
export interface NewRendition {
  readonly userId: string;
  /** Null in a direct message. */
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
  readonly subjectId: string | null;
  readonly artifactId: string | null;
  /** Every subject in the picture, in the prompt's order. Default: the one above, as its owner's own. */
  readonly uses?: readonly SubjectUse[];
  /** As typed. */
  readonly prompt: string;
  /** With identifier and class noun filled in. */
  readonly resolvedPrompt: string;
  readonly seed: number;
  readonly count: number;
  readonly settings: RenderSettings;
  /** The subject of each reference in the prompt, by the reference's key. */
  readonly namedSubjects?: Readonly<Record<string, string>>;
  /** The rendition that it goes on from. */
  readonly parentId?: string;
  /** The rendition whose picture it starts from, and which one. */
  readonly sourceId?: string;
  readonly sourceIndex?: number;
  /** Storage id of the picture to start from, where the user gave one. */
  readonly startFileId?: string;
}

/**
 * `duplicate`: Discord delivered the interaction twice; the row is that of the first time.
 * `start-file-taken`: another rendition has this start picture already.
 */
export type CreatedRendition =
  | { readonly outcome: 'created' | 'duplicate'; readonly rendition: Rendition }
  | { readonly outcome: 'start-file-taken' };

/** Records a rendition. Enqueue the job afterwards. */
export async function createRendition(db: Db, rendition: NewRendition): Promise<CreatedRendition> {
  const earlier = await findRenditionByInteraction(db, rendition.interactionId);
  if (earlier) return { outcome: 'duplicate', rendition: earlier };
  try {
    return await db.transaction(async (tx) => {
      await ensureUser(tx, rendition.userId);
      await ensureGuild(tx, rendition.guildId);
      const { uses, artifactId, ...values } = rendition;
      const settings = renderSettingsSchema.parse(rendition.settings);
      const row = onlyRow(
        await tx
          .insert(renditions)
          .values({ ...values, settings })
          .returning(),
      );
      const { subjectId } = row;
      const own = subjectId === null ? [] : [{ subjectId, artifactId, grantees: [] }];
      await insertSubjectUses(tx, row.id, uses ?? own);
      return { outcome: 'created', rendition: row };
    });
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'renditions_start_file_unique') return { outcome: 'start-file-taken' };
    if (constraint !== 'renditions_interaction_unique') throw error;
    const winner = await findRenditionByInteraction(db, rendition.interactionId);
    if (!winner) throw error;
    return { outcome: 'duplicate', rendition: winner };
  }
}

/** @returns the rendition that an interaction made, if it made one */
export async function findRenditionByInteraction(
  db: Db,
  interactionId: string,
): Promise<Rendition | undefined> {
  const [row] = await db
    .select()
    .from(renditions)
    .where(eq(renditions.interactionId, interactionId));
  return row;
}

/** @returns the rendition */
export async function getRendition(db: Db, renditionId: string): Promise<Rendition | undefined> {
  const [row] = await db.select().from(renditions).where(eq(renditions.id, renditionId));
  return row;
}

/** @returns the rendition with its subjects (even deleted ones) and the weights it is drawn with, in the prompt's order */
export async function getRenditionWithSubjects(
  db: Db,
  renditionId: string,
): Promise<{ rendition: Rendition; subjects: readonly ShownSubject[] } | undefined> {
  const rendition = await getRendition(db, renditionId);
  return rendition && { rendition, subjects: await listShownSubjects(db, renditionId) };
}

/** @returns the user's renditions that have pictures, newest first, of one server where it is given */
export async function listFinishedRenditions(
  db: Db,
  where: { userId: string; guildId?: string; limit?: number },
): Promise<Rendition[]> {
  return db
    .select()
    .from(renditions)
    .where(
      and(
        eq(renditions.userId, where.userId),
        eq(renditions.status, 'succeeded'),
        isNotNull(renditions.resultFileIds),
        isNull(renditions.deletedAt),
        where.guildId === undefined ? undefined : eq(renditions.guildId, where.guildId),
      ),
    )
    .orderBy(desc(renditions.id))
    .limit(where.limit ?? 25);
}

/** Whether a start was granted, and its number, which every later write passes back. */
export type StartedRendition =
  | { readonly started: true; readonly attempt: number; readonly rendition: Rendition }
  | {
      readonly started: false;
      readonly reason: 'missing' | 'finished' | 'too-many-attempts' | 'not-shared';
    };

/**
 * Starts (or starts again) a rendition. Earlier attempts become stale at once.
 *
 * @param options.maxAttempts after so many starts it fails with `TOO_MANY_ATTEMPTS`
 */
export async function startRenditionAttempt(
  db: Db,
  renditionId: string,
  options: { maxAttempts?: number } = {},
): Promise<StartedRendition> {
  const maxAttempts = options.maxAttempts ?? 20;
  return db.transaction(async (tx): Promise<StartedRendition> => {
    const row = await lockRendition(tx, renditionId);
    if (!row) return { started: false, reason: 'missing' };
    if (isTerminal(row.status)) return { started: false, reason: 'finished' };
    if (row.attempt >= maxAttempts) {
      await closeRendition(tx, row, 'failed', {
        outcome: 'failed',
        kind: 'rendition',
        code: 'TOO_MANY_ATTEMPTS',
        detail: { attempts: row.attempt },
      });
      return { started: false, reason: 'too-many-attempts' };
    }
    // Asked for in the very moment in which its subject's owner took the share back.
    if (row.status === 'queued' && (await hasRevokedUse(tx, renditionId))) {
      await closeRendition(tx, row, 'failed', notShared);
      return { started: false, reason: 'not-shared' };
    }
    const attempt = row.attempt + 1;
    const rendition = onlyRow(
      await tx
        .update(renditions)
        .set({
          status: 'running',
          attempt,
          startedAt: sql`coalesce(${renditions.startedAt}, now())`,
          updatedAt: sql`now()`,
        })
        .where(eq(renditions.id, renditionId))
        .returning(),
    );
    return { started: true, attempt, rendition };
  });
}

/** Rows that the given attempt may still write. */
const current = (renditionId: string, attempt: number) =>
  and(
    eq(renditions.id, renditionId),
    eq(renditions.attempt, attempt),
    eq(renditions.status, 'running'),
  );

/** @returns false where the attempt is stale: the caller must stop and leave no files behind */
export async function updateRenditionProgress(
  db: Db,
  renditionId: string,
  attempt: number,
  progress: RenderProgress,
): Promise<boolean> {
  const rows = await db
    .update(renditions)
    .set({ progress, updatedAt: sql`now()` })
    .where(current(renditionId, attempt))
    .returning({ id: renditions.id });
  return rows.length > 0;
}

/** Whether the given attempt should go on; asked between steps. */
export async function checkRenditionAttempt(
  db: Db,
  renditionId: string,
  attempt: number,
): Promise<'go-on' | 'cancel' | 'stale'> {
  const [row] = await db
    .select({ cancelRequested: renditions.cancelRequested })
    .from(renditions)
    .where(current(renditionId, attempt));
  if (!row) return 'stale';
  return row.cancelRequested ? 'cancel' : 'go-on';
}

/**
 * Ends it with its pictures and the outbox row.
 *
 * @returns false where the attempt is stale or it or its subject was deleted meanwhile; the stored files are then
 *   the caller's to delete
 */
export async function succeedRendition(
  db: Db,
  renditionId: string,
  attempt: number,
  result: RenderResult,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    // The subjects before the row, as the transaction that deletes one locks them.
    const shown = await lockSubjectsOf(tx, renditionId);
    const row = await lockRendition(tx, renditionId);
    if (row?.status !== 'running' || row.attempt !== attempt) return false;
    if (row.deletedAt || shown.some((subject) => subject.deletedAt)) {
      await closeRendition(tx, row, 'cancelled', { outcome: 'cancelled', kind: 'rendition' });
      return false;
    }
    await closeRendition(tx, row, 'succeeded', {
      outcome: 'succeeded',
      kind: 'rendition',
      result,
    });
    return true;
  });
}

/** Ends it with a failure and the outbox row; false where the attempt is stale. */
export async function failRendition(
  db: Db,
  renditionId: string,
  attempt: number,
  failure: { code: RenderFailureCode; detail?: FailureDetail },
): Promise<boolean> {
  return endAttempt(db, renditionId, attempt, 'failed', {
    outcome: 'failed',
    kind: 'rendition',
    code: failure.code,
    detail: failure.detail ?? {},
  });
}

/** Ends it as cancelled, with the outbox row; false where the attempt is stale. */
export async function cancelRendition(
  db: Db,
  renditionId: string,
  attempt: number,
): Promise<boolean> {
  return endAttempt(db, renditionId, attempt, 'cancelled', {
    outcome: 'cancelled',
    kind: 'rendition',
  });
}

/** Asks for a rendition to stop; see `requestCancelTraining`. */
export async function requestCancelRendition(
  db: Db,
  renditionId: string,
  userId: string,
): Promise<CancelRequest> {
  return db.transaction(async (tx): Promise<CancelRequest> => {
    const row = await lockRendition(tx, renditionId);
    if (!row) return 'missing';
    if (row.userId !== userId) return 'not-owner';
    return stopRendition(tx, row);
  });
}

/** Stops every open rendition of a subject, inside the transaction that deletes it. */
export async function stopRenditionsOfSubject(tx: Db, subjectId: string): Promise<void> {
  const open = await tx
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.id, renditionsWith(tx, subjectId)),
        inArray(renditions.status, [...openStatuses]),
      ),
    )
    .orderBy(asc(renditions.id))
    .for('update');
  for (const row of open) await stopRendition(tx, row);
}

const notShared: Outcome = {
  outcome: 'failed',
  kind: 'rendition',
  code: 'SUBJECT_NOT_SHARED',
  detail: {},
};

/**
 * Ends the waiting renditions of a subject that no share allows any more, inside the transaction that takes a share
 * back. Those that a worker has begun are finished.
 *
 * @returns how many
 */
export async function stopRevokedRenditions(tx: Db, subjectId: string): Promise<number> {
  const waiting = await tx
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.id, renditionsRevokedFrom(tx, subjectId)),
        eq(renditions.status, 'queued'),
      ),
    )
    .orderBy(asc(renditions.id))
    .for('update');
  for (const row of waiting) await closeRendition(tx, row, 'failed', notShared);
  return waiting.length;
}

const withPicturesOf = (db: Db, subjectId: string) =>
  and(inArray(renditions.id, renditionsWith(db, subjectId)), isNotNull(renditions.resultFileIds));

/** @returns storage ids of every picture that shows the subject, whoever asked for it */
export async function listPicturesOfSubject(db: Db, subjectId: string): Promise<string[]> {
  const rows = await db
    .select({ fileIds: renditions.resultFileIds })
    .from(renditions)
    .where(withPicturesOf(db, subjectId));
  return rows.flatMap(({ fileIds }) => fileIds ?? []);
}

/** Forgets the pictures of a subject, inside the transaction that forgets all its files. */
export async function forgetPicturesOfSubject(tx: Db, subjectId: string): Promise<void> {
  await tx.update(renditions).set({ resultFileIds: null }).where(withPicturesOf(tx, subjectId));
}

/** @returns start pictures that their renditions need no more: delete the files, then {@link forgetStartFile} */
export async function listUsedStartFiles(
  db: Db,
  limit = 100,
): Promise<{ renditionId: string; fileId: string }[]> {
  const rows = await db
    .select({ renditionId: renditions.id, fileId: renditions.startFileId })
    .from(renditions)
    .where(and(isNotNull(renditions.startFileId), notInArray(renditions.status, [...openStatuses])))
    .limit(limit);
  return rows.flatMap(({ renditionId, fileId }) => (fileId ? [{ renditionId, fileId }] : []));
}

/** Forgets a start picture whose file is gone. */
export async function forgetStartFile(db: Db, renditionId: string): Promise<void> {
  await db.update(renditions).set({ startFileId: null }).where(eq(renditions.id, renditionId));
}

/** @returns whether a rendition has the file as its start picture */
export async function isStartFile(db: Db, fileId: string): Promise<boolean> {
  return (await db.$count(renditions, eq(renditions.startFileId, fileId))) > 0;
}

/** @returns renditions that have waited or run for some time, oldest first */
export async function listOpenRenditions(
  db: Db,
  options: { olderThanMs: number; limit?: number },
): Promise<Rendition[]> {
  return db
    .select()
    .from(renditions)
    .where(
      and(
        inArray(renditions.status, [...openStatuses]),
        isNull(renditions.deletedAt),
        lt(renditions.createdAt, sql`now() - ${options.olderThanMs} * interval '1 millisecond'`),
      ),
    )
    .orderBy(asc(renditions.createdAt))
    .limit(options.limit ?? 100);
}

/** Remembers which message shows its progress. */
export async function setRenditionProgressMessage(
  db: Db,
  renditionId: string,
  messageId: string,
): Promise<void> {
  await db
    .update(renditions)
    .set({ progressMessageId: messageId })
    .where(eq(renditions.id, renditionId));
}

/** Records where it is shown: where its channel does not take it, that is another one. */
export async function setRenditionMessage(
  db: Db,
  renditionId: string,
  { channelId, messageId }: { channelId: string; messageId: string },
): Promise<void> {
  await db
    .update(renditions)
    .set({ channelId, progressMessageId: messageId })
    .where(eq(renditions.id, renditionId));
}

/** Lists open renditions old enough to have a job; see `listUnqueuedTrainingRuns`. */
export async function listUnqueuedRenditions(
  db: Db,
  options: { olderThanMs?: number; limit?: number } = {},
): Promise<Pick<Rendition, 'id' | 'userId'>[]> {
  return db
    .select({ id: renditions.id, userId: renditions.userId })
    .from(renditions)
    .where(
      and(
        inArray(renditions.status, [...openStatuses]),
        lt(
          renditions.createdAt,
          sql`now() - ${options.olderThanMs ?? 10_000} * interval '1 millisecond'`,
        ),
      ),
    )
    .orderBy(asc(renditions.createdAt))
    .limit(options.limit ?? 500);
}

export async function lockRendition(tx: Db, renditionId: string): Promise<Rendition | undefined> {
  const [row] = await tx
    .select()
    .from(renditions)
    .where(eq(renditions.id, renditionId))
    .for('update');
  return row;
}

async function endAttempt(
  db: Db,
  renditionId: string,
  attempt: number,
  status: 'failed' | 'cancelled',
  outcome: Outcome,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const row = await lockRendition(tx, renditionId);
    if (row?.status !== 'running' || row.attempt !== attempt) return false;
    await closeRendition(tx, row, status, outcome);
    return true;
  });
}

export async function stopRendition(tx: Db, row: Rendition): Promise<CancelRequest> {
  if (isTerminal(row.status)) return 'finished';
  if (row.status === 'queued') {
    await closeRendition(tx, row, 'cancelled', { outcome: 'cancelled', kind: 'rendition' });
    return 'cancelled';
  }
  await tx.update(renditions).set({ cancelRequested: true }).where(eq(renditions.id, row.id));
  return 'requested';
}

async function closeRendition(
  tx: Db,
  row: Rendition,
  status: RowStatus,
  outcome: Outcome,
): Promise<void> {
  const result =
    outcome.outcome === 'succeeded' && outcome.kind === 'rendition' ? outcome.result : null;
  await tx
    .update(renditions)
    .set({
      status,
      failureCode: outcome.outcome === 'failed' ? outcome.code : null,
      resultFileIds: result?.fileIds ?? null,
      renderedWith: result?.renderedWith ?? null,
      updatedAt: sql`now()`,
      finishedAt: sql`now()`,
    })
    .where(eq(renditions.id, row.id));
  await insertDelivery(tx, {
    kind: 'rendition',
    refId: row.id,
    channelId: row.channelId,
    userId: row.userId,
    payload: outcome,
  });
}
