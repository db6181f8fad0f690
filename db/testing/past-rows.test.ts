/** @file The witness of a crowd's deletions: it must not excuse what nobody deleted. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../client.ts';
import type { RenderFailureCode } from '../jobs/render-prompt.ts';
import { migrateDatabase } from '../migrate.ts';
import type { NewRendition } from '../queries/new-renditions.ts';
import { failRendition, startRenditionAttempt } from '../queries/rendition-attempts.ts';
import { purgeRendition, softDeleteRendition } from '../queries/rendition-deletion.ts';
import { getRendition } from '../queries/renditions.ts';
import { revokeShares, shareSubject } from '../queries/shares.ts';
import { purgeSubject, softDeleteSubject } from '../queries/subject-deletion.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { keepPastRows, listUnexplainedFailures, wasFileDeleted } from './past-rows.ts';
import {
  insertFinishedRendition,
  insertReadySubject,
  insertRendition,
  makeFileId,
  makeSnowflake,
} from './rows.ts';

const hourAgo = sql`now() - interval '1 hour'`;

let database: Database;
beforeAll(async () => {
  database = await openDatabase('pglite://memory');
  await migrateDatabase(database, { queue: false });
  await keepPastRows(database.db);
}, 120_000);
afterAll(() => database.close());

const wasDeleted = async (fileIds: readonly string[], atMs = Date.now() + 1000) => {
  const each = fileIds.map((fileId) => wasFileDeleted(database.db, fileId, atMs));
  return new Set(await Promise.all(each));
};

test('files count as deleted with their rendition or their subject, from then on', async () => {
  const { db } = database;
  const { subject, fileIds } = await insertReadySubject(db);
  const lost = await insertFinishedRendition(db);
  const drawn = await insertFinishedRendition(db);
  const before = Date.now() - 1000;
  expect(await wasDeleted([...fileIds, ...drawn.fileIds])).toEqual(new Set([false]));
  await softDeleteSubject(db, { subjectId: subject.id, ownerId: subject.ownerId });
  await purgeSubject(db, subject.id);
  await softDeleteRendition(db, drawn.rendition.id);
  await purgeRendition(db, drawn.rendition.id);
  expect(await wasDeleted([...fileIds, ...drawn.fileIds])).toEqual(new Set([true]));
  expect(await wasDeleted([...fileIds, ...drawn.fileIds], before)).toEqual(new Set([false]));
  expect(await wasDeleted([...lost.fileIds, makeFileId()])).toEqual(new Set([false]));
});

test('a failure is explained by what happened to its own subject, share or picture only', async () => {
  const { db } = database;
  const ready = await insertReadySubject(db);
  const { id: subjectId, ownerId } = ready.subject;
  const guild = { kind: 'guild', id: makeSnowflake() } as const;
  const grantees = [`guild:${guild.id}`];
  const start = async (changes: Partial<NewRendition> = {}) => {
    const uses = [{ subjectId, artifactId: null, grantees: [] }];
    const rendition = await insertRendition(db, { userId: ownerId, uses, ...changes });
    await startRenditionAttempt(db, rendition.id);
    return rendition;
  };
  const fail = async (rendition: Rendition, code: RenderFailureCode) => {
    expect(await failRendition(db, rendition.id, 1, { code })).toBe(true);
    return rendition;
  };
  const unexplained = async (...failed: Rendition[]) => {
    const found = new Set((await listUnexplainedFailures(db)).map(({ id }) => id));
    return failed.map(({ id }) => found.has(id));
  };
  const source = await insertFinishedRendition(db);
  const fromIt = { sourceId: source.rendition.id, sourceIndex: 0 };
  const early = await fail(await start(fromIt), 'PICTURE_GONE');
  await softDeleteRendition(db, source.rendition.id);
  const late = await fail(await start(fromIt), 'PICTURE_GONE');
  expect(await unexplained(early, late)).toEqual([true, false]);

  await shareSubject(db, { subjectId, ownerId }, [guild]);
  const uses = [{ subjectId, artifactId: null, grantees }];
  const shared = await fail(await start({ uses, userId: makeSnowflake() }), 'SUBJECT_NOT_SHARED');
  await db.update(renditions).set({ finishedAt: hourAgo }).where(eq(renditions.id, shared.id));
  const waiting = await insertRendition(db, { uses });
  await revokeShares(db, { subjectId, ownerId }, 'all');
  const revoked = await getRendition(db, waiting.id);
  expect(revoked?.failureCode).toBe('SUBJECT_NOT_SHARED');
  expect(await unexplained(shared, waiting)).toEqual([true, false]);

  const alive = await fail(await start(), 'SUBJECT_DELETED');
  const drawing = await start();
  await softDeleteSubject(db, { subjectId, ownerId });
  await fail(drawing, 'SUBJECT_DELETED');
  expect(await unexplained(alive, drawing)).toEqual([true, false]);
});
