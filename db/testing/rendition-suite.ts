/** @file The query tests of what a rendition starts from and leaves, as part of the query suite. */
import { eq, sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Db } from '../client.ts';
import { getPost } from '../queries/gallery-posts.ts';
import { createRendition } from '../queries/new-renditions.ts';
import { countOpenJobs } from '../queries/open-jobs.ts';
import { findDelivery } from '../queries/outbox-deliveries.ts';
import { publishPost } from '../queries/publishing.ts';
import {
  checkRenditionAttempt,
  failRendition,
  startRenditionAttempt,
  succeedRendition,
  updateRenditionProgress,
} from '../queries/rendition-attempts.ts';
import {
  listUnpurgedRenditions,
  purgeRendition,
  softDeleteRendition,
} from '../queries/rendition-deletion.ts';
import { createDraft, deleteDraft, findDraft, listOldDrafts } from '../queries/rendition-drafts.ts';
import { requestCancelRendition } from '../queries/rendition-ends.ts';
import {
  getRendition,
  getRenditionWithSubjects,
  listFinishedRenditions,
  listUnqueuedRenditions,
} from '../queries/renditions.ts';
import { forgetStartFile, isStartFile, listUsedStartFiles } from '../queries/start-files.ts';
import {
  listUnpurgedSubjects,
  purgeSubject,
  softDeleteSubject,
} from '../queries/subject-deletion.ts';
import { getSubject } from '../queries/subjects.ts';
import { renditionDrafts } from '../schema/rendition-drafts.ts';
import type { Subject } from '../schema/subjects.ts';
import {
  insertFinishedRendition,
  insertReadySubject,
  insertRendition,
  insertTraining,
  makeFileId,
  makeRenderResult,
  makeRendition,
  makeSnowflake,
} from './rows.ts';

/** Owners' own subjects in one picture. */
const usesOf = (...shown: readonly { subject: Subject; artifactId: string }[]) =>
  shown.map(({ subject, artifactId }) => ({ subjectId: subject.id, artifactId, grantees: [] }));

/** @param opened the suite's database, which is open once tests run */
export function describeRenditionQueries(opened: () => Db): void {
  describe('a rendition', () => {
    it('is made once when Discord delivers its interaction twice, even at once', async () => {
      const db = opened();
      const rendition = makeRendition();
      const results = await Promise.all([
        createRendition(db, rendition),
        createRendition(db, rendition),
      ]);
      expect(results.map((result) => result.outcome).sort()).toEqual(['created', 'duplicate']);
      const rows = results.flatMap((result) => ('rendition' in result ? [result.rendition] : []));
      expect(rows[0]?.id).toBe(rows[1]?.id);
      expect(rows[0]?.seed).toBe(4_294_967_295);
    });

    it('brings its subject and weights to the worker', async () => {
      const db = opened();
      const { subject, artifactId } = await insertReadySubject(db);
      const { id } = await insertRendition(db, { subjectId: subject.id, artifactId });
      const work = await getRenditionWithSubjects(db, id);
      expect(work?.subjects).toMatchObject([
        { subject: { id: subject.id }, artifact: { id: artifactId } },
      ]);
      const bare = await insertRendition(db);
      expect((await getRenditionWithSubjects(db, bare.id))?.subjects).toEqual([]);
      const other = await insertReadySubject(db);
      const both = await insertRendition(db, {
        subjectId: subject.id,
        uses: [
          { subjectId: subject.id, artifactId, grantees: [] },
          { subjectId: other.subject.id, artifactId: other.artifactId, grantees: [] },
        ],
      });
      expect((await getRenditionWithSubjects(db, both.id))?.subjects).toMatchObject([
        { subject: { id: subject.id }, artifact: { id: artifactId } },
        { subject: { id: other.subject.id }, artifact: { id: other.artifactId } },
      ]);
    });

    it('that succeeds keeps its pictures and makes one delivery; a stale attempt makes none', async () => {
      const db = opened();
      const { id } = await insertRendition(db);
      await startRenditionAttempt(db, id);
      await startRenditionAttempt(db, id);
      const result = makeRenderResult(2);
      const step = { stage: 'rendering', step: 1, totalSteps: 20, secondsLeft: null } as const;
      expect(await updateRenditionProgress(db, id, 1, step)).toBe(false);
      expect(await succeedRendition(db, id, 1, result)).toBe(false);
      expect(await updateRenditionProgress(db, id, 2, step)).toBe(true);
      expect(await succeedRendition(db, id, 2, result)).toBe(true);
      expect(await succeedRendition(db, id, 2, result)).toBe(false);
      expect(await getRendition(db, id)).toMatchObject({
        status: 'succeeded',
        resultFileIds: result.fileIds,
        renderedWith: result.renderedWith,
        progress: step,
      });
      expect((await findDelivery(db, 'rendition', id))?.payload).toEqual({
        outcome: 'succeeded',
        kind: 'rendition',
        result,
      });
    });

    it('that fails says why', async () => {
      const db = opened();
      const { id } = await insertRendition(db);
      await startRenditionAttempt(db, id);
      await failRendition(db, id, 1, { code: 'PROMPT_TOO_LONG', detail: { word: 'sunset' } });
      expect(await getRendition(db, id)).toMatchObject({
        status: 'failed',
        failureCode: 'PROMPT_TOO_LONG',
        resultFileIds: null,
      });
      expect((await findDelivery(db, 'rendition', id))?.payload).toMatchObject({
        code: 'PROMPT_TOO_LONG',
        detail: { word: 'sunset' },
      });
      expect(await startRenditionAttempt(db, id)).toMatchObject({ reason: 'finished' });
    });

    it('is cancelled by its owner: at once while it waits, by the worker while it runs', async () => {
      const db = opened();
      const waiting = await insertRendition(db);
      expect(await requestCancelRendition(db, waiting.id, 'somebody')).toBe('not-owner');
      expect(await requestCancelRendition(db, waiting.id, waiting.userId)).toBe('cancelled');
      const running = await insertRendition(db);
      await startRenditionAttempt(db, running.id);
      expect(await requestCancelRendition(db, running.id, running.userId)).toBe('requested');
      expect(await checkRenditionAttempt(db, running.id, 1)).toBe('cancel');
    });

    it('is found by the sweep while it is open', async () => {
      const db = opened();
      const { id } = await insertRendition(db);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const open = await listUnqueuedRenditions(db, { olderThanMs: 0 });
      expect(open.map((row) => row.id)).toContain(id);
    });

    it('counts, with trainings, as an open job of its user', async () => {
      const db = opened();
      const userId = makeSnowflake();
      await insertTraining(db, { userId });
      const { id } = await insertRendition(db, { userId });
      await insertRendition(db, { userId });
      expect(await countOpenJobs(db, userId)).toEqual({ trainings: 1, renditions: 2, total: 3 });
      await requestCancelRendition(db, id, userId);
      expect((await countOpenJobs(db, userId)).total).toBe(2);
    });
  });

  describe('what a rendition starts from', () => {
    it('is a picture of its own, until it is over', async () => {
      const db = opened();
      const startFileId = makeFileId();
      const { id } = await insertRendition(db, { startFileId });
      const second = await createRendition(db, makeRendition({ startFileId }));
      expect(second).toEqual({ outcome: 'start-file-taken' });
      const isListed = async () =>
        (await listUsedStartFiles(db, 1000)).some(({ renditionId }) => renditionId === id);
      expect([await isListed(), await isStartFile(db, startFileId)]).toEqual([false, true]);
      await startRenditionAttempt(db, id);
      await failRendition(db, id, 1, { code: 'INTERNAL' });
      expect(await isListed()).toBe(true);
      await forgetStartFile(db, id);
      expect([await isListed(), await isStartFile(db, startFileId)]).toEqual([false, false]);
    });

    it('may be a question to its asker alone, which is listed once it is too old', async () => {
      const db = opened();
      const userId = makeSnowflake();
      const wish = { prompt: 'a [V]', seed: null, count: 2, settings: { guidanceScale: 3 } };
      const draftId = await createDraft(db, userId, wish);
      expect(await findDraft(db, { draftId, userId })).toEqual(wish);
      expect(await findDraft(db, { draftId, userId: makeSnowflake() })).toBeUndefined();
      const old = async () => (await listOldDrafts(db, 1000)).some(({ id }) => id === draftId);
      expect(await old()).toBe(false);
      const then = sql`now() - interval '8 days'`;
      await db
        .update(renditionDrafts)
        .set({ createdAt: then })
        .where(eq(renditionDrafts.id, draftId));
      expect(await old()).toBe(true);
      await deleteDraft(db, draftId);
      expect(await findDraft(db, { draftId, userId })).toBeUndefined();
    });
  });

  describe('a rendition of two subjects', () => {
    it('goes with either of them: stopped, withdrawn, its pictures forgotten', async () => {
      const db = opened();
      const guildId = makeSnowflake();
      const one = await insertReadySubject(db, { guildId });
      const other = await insertReadySubject(db, { guildId });
      const shown = { subjectId: one.subject.id, uses: usesOf(one, other), guildId };
      const open = await insertRendition(db, shown);
      const { rendition: done, fileIds } = await insertFinishedRendition(db, shown);
      const posted = await publishPost(db, {
        renditionId: done.id,
        pictureIndex: 0,
        guildId,
        authorId: done.userId,
        style: null,
        askInChannelId: 'c',
      });
      if (posted.outcome !== 'asked') throw new Error(posted.outcome);
      const where = { subjectId: other.subject.id, ownerId: other.subject.ownerId };
      const deleted = await softDeleteSubject(db, where);
      expect(deleted?.fileIds).toEqual(expect.arrayContaining(fileIds));
      expect(await getPost(db, posted.post.id)).toMatchObject({ status: 'withdrawn' });
      expect(await getRendition(db, open.id)).toMatchObject({ status: 'cancelled' });
      const left = await listUnpurgedSubjects(db, 1000);
      expect(left.some(({ subjectId }) => subjectId === other.subject.id)).toBe(true);
      await purgeSubject(db, other.subject.id);
      expect(await getRendition(db, done.id)).toMatchObject({ resultFileIds: null });
      expect((await findDelivery(db, 'rendition', done.id))?.payload).toMatchObject({
        code: 'SUBJECT_DELETED',
      });
      expect((await getSubject(db, one.subject.id))?.id).toBe(one.subject.id);
    });

    it('is not finished once one of them is deleted', async () => {
      const db = opened();
      const one = await insertReadySubject(db);
      const other = await insertReadySubject(db);
      const shown = { subjectId: one.subject.id, uses: usesOf(one, other) };
      const { id } = await insertRendition(db, shown);
      await startRenditionAttempt(db, id);
      const { id: subjectId, ownerId } = other.subject;
      await softDeleteSubject(db, { subjectId, ownerId });
      expect(await succeedRendition(db, id, 1, makeRenderResult(1))).toBe(false);
      expect(await getRendition(db, id)).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('a deleted rendition', () => {
    it('is listed until its files and its message are gone, and names them no more then', async () => {
      const db = opened();
      const { rendition, fileIds } = await insertFinishedRendition(db);
      const { id, channelId } = rendition;
      const listed = async () =>
        (await listUnpurgedRenditions(db, 1000)).filter(({ renditionId }) => renditionId === id);
      expect(await listed()).toEqual([]);
      await softDeleteRendition(db, id);
      expect(await listed()).toEqual([{ renditionId: id, fileIds, channelId, messageId: null }]);
      const where = { userId: rendition.userId };
      expect(await listFinishedRenditions(db, where)).toEqual([]);
      await purgeRendition(db, id);
      expect(await listed()).toEqual([]);
      expect(await getRendition(db, id)).toMatchObject({ resultFileIds: null });
      expect((await findDelivery(db, 'rendition', id))?.payload).toEqual({
        outcome: 'cancelled',
        kind: 'rendition',
      });
    });

    it('stops, and is listed only when its worker has stopped', async () => {
      const db = opened();
      const { id } = await insertRendition(db);
      await startRenditionAttempt(db, id);
      await softDeleteRendition(db, id);
      expect(await checkRenditionAttempt(db, id, 1)).toBe('cancel');
      const isListed = async () =>
        (await listUnpurgedRenditions(db, 1000)).some(({ renditionId }) => renditionId === id);
      expect(await isListed()).toBe(false);
      expect(await succeedRendition(db, id, 1, makeRenderResult(1))).toBe(false);
      expect(await isListed()).toBe(true);
    });
  });
}
