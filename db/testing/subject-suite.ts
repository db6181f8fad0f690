/** @file The query tests of subjects: which one a prompt means, and what a deletion takes, as part of the query suite. */
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Db } from '../client.ts';
import { listArtifacts } from '../queries/artifacts.ts';
import { findDelivery } from '../queries/outbox-deliveries.ts';
import {
  checkRenditionAttempt,
  startRenditionAttempt,
  succeedRendition,
} from '../queries/rendition-attempts.ts';
import { insertSubjectUses } from '../queries/rendition-subjects.ts';
import {
  getRendition,
  getRenditionWithSubjects,
  listFinishedRenditions,
} from '../queries/renditions.ts';
import {
  listUnpurgedSubjects,
  purgeSubject,
  softDeleteSubject,
} from '../queries/subject-deletion.ts';
import { findDefaultSubject, getSubject, listSubjects } from '../queries/subjects.ts';
import {
  checkTrainingAttempt,
  startTrainingAttempt,
  succeedTraining,
} from '../queries/training-attempts.ts';
import { getTrainingRun, getTrainingRunWithSubject } from '../queries/training-runs.ts';
import { setDefaultSubject } from '../queries/users.ts';
import { artifacts } from '../schema/artifacts.ts';
import { photos } from '../schema/photos.ts';
import {
  insertFinishedRendition,
  insertReadySubject,
  insertRendition,
  insertTraining,
  makeRenderResult,
  makeSnowflake,
  makeTrainSuccess,
} from './rows.ts';

/** @param opened the suite's database, which is open once tests run */
export function describeSubjectQueries(opened: () => Db): void {
  describe('the subject of a prompt', () => {
    it('is the only ready one, else the chosen one, else must be asked for', async () => {
      const db = opened();
      const userId = makeSnowflake();
      expect(await findDefaultSubject(db, userId)).toEqual({ kind: 'none' });
      const waiting = await insertTraining(db, { userId });
      expect(await findDefaultSubject(db, userId)).toMatchObject({
        kind: 'training',
        subject: { id: waiting.subject.id },
      });
      const first = await insertReadySubject(db, { userId });
      expect(await findDefaultSubject(db, userId)).toMatchObject({
        kind: 'found',
        subject: { id: first.subject.id },
      });
      const second = await insertReadySubject(db, { userId });
      const both = await findDefaultSubject(db, userId);
      expect(both.kind === 'ambiguous' && both.subjects.map((subject) => subject.id)).toEqual([
        second.subject.id,
        first.subject.id,
      ]);
      await setDefaultSubject(db, userId, first.subject.id);
      expect(await findDefaultSubject(db, userId)).toMatchObject({
        kind: 'found',
        subject: { id: first.subject.id },
      });
      await softDeleteSubject(db, { subjectId: first.subject.id, ownerId: userId });
      expect(await findDefaultSubject(db, userId)).toMatchObject({
        kind: 'found',
        subject: { id: second.subject.id },
      });
    });
  });

  describe('a deleted subject', () => {
    it('leaves every list, stops its work and names its files', async () => {
      const db = opened();
      const guildId = makeSnowflake();
      const ready = await insertReadySubject(db, { guildId });
      const { subject, artifactId } = ready;
      const userId = subject.ownerId;
      const drawn = { userId, guildId, subjectId: subject.id, artifactId };
      const { rendition: done, fileIds: pictures } = await insertFinishedRendition(db, drawn);
      const guest = { ...drawn, userId: makeSnowflake() };
      const { rendition: others, fileIds: othersPictures } = await insertFinishedRendition(
        db,
        guest,
      );
      const fileIds = [...ready.fileIds, ...pictures, ...othersPictures];
      expect(new Set(fileIds).size).toBe(3 + 2 + 4 + 2 + 2);
      const waiting = await insertRendition(db, { userId, subjectId: subject.id, artifactId });
      const running = await insertRendition(db, { userId, subjectId: subject.id, artifactId });
      await startRenditionAttempt(db, running.id);
      const where = { subjectId: subject.id, ownerId: userId };
      expect(await softDeleteSubject(db, { ...where, ownerId: 'x' })).toBeUndefined();
      const deleted = await softDeleteSubject(db, where);
      expect([...(deleted?.fileIds ?? [])].sort()).toEqual([...fileIds].sort());
      expect(await softDeleteSubject(db, where)).toBeUndefined();

      expect(await getSubject(db, subject.id)).toBeUndefined();
      expect(await listSubjects(db, { ownerId: userId })).toEqual([]);
      expect((await getRendition(db, waiting.id))?.status).toBe('cancelled');
      expect(await checkRenditionAttempt(db, running.id, 1)).toBe('cancel');

      const unpurged = await listUnpurgedSubjects(db, 1000);
      const mine = unpurged.filter((row) => row.subjectId === subject.id);
      expect(mine).toHaveLength(1);
      expect(mine[0]?.fileIds.sort()).toEqual([...fileIds].sort());
      await purgeSubject(db, subject.id);
      expect(await listArtifacts(db, subject.id)).toEqual([]);
      expect((await listUnpurgedSubjects(db, 1000)).some((r) => r.subjectId === subject.id)).toBe(
        false,
      );
      const ended = await getRenditionWithSubjects(db, running.id);
      expect(ended?.subjects).toMatchObject([{ subject: { id: subject.id }, artifact: null }]);
      for (const { id } of [done, others]) {
        expect((await getRendition(db, id))?.resultFileIds).toBeNull();
      }
      expect(await listFinishedRenditions(db, { userId })).toEqual([]);
      expect(await listFinishedRenditions(db, { userId: guest.userId })).toEqual([]);
      const rows = [
        ['training', ready.run.id],
        ['rendition', done.id],
        ['rendition', others.id],
      ] as const;
      for (const [kind, refId] of rows) {
        expect(await findDelivery(db, kind, refId)).toMatchObject({
          status: 'pending',
          payload: { outcome: 'failed', kind, code: 'SUBJECT_DELETED', detail: {} },
        });
      }
    });

    it('is unpurged as long as any row names one of its files, and takes none of another subject', async () => {
      const db = opened();
      const kept = await insertReadySubject(db);
      const drawn = await insertFinishedRendition(db, {
        userId: kept.subject.ownerId,
        subjectId: kept.subject.id,
      });
      const gone = await insertReadySubject(db, { userId: kept.subject.ownerId });
      const where = { subjectId: gone.subject.id, ownerId: gone.subject.ownerId };
      await softDeleteSubject(db, where);
      const unpurged = async () =>
        (await listUnpurgedSubjects(db, 1000)).find((row) => row.subjectId === gone.subject.id);
      const ofOutcome = gone.fileIds.slice(5);
      await db.delete(photos).where(eq(photos.subjectId, gone.subject.id));
      await db.delete(artifacts).where(eq(artifacts.subjectId, gone.subject.id));
      expect((await unpurged())?.fileIds.sort()).toEqual(ofOutcome.sort());
      await purgeSubject(db, gone.subject.id);
      expect(await unpurged()).toBeUndefined();

      // As an earlier release left them: only the pictures of a rendition are still named.
      const left = await insertFinishedRendition(db, { userId: where.ownerId });
      await insertSubjectUses(db, left.rendition.id, [
        { subjectId: gone.subject.id, artifactId: null, grantees: [] },
      ]);
      expect((await unpurged())?.fileIds.sort()).toEqual(left.fileIds.sort());
      await purgeSubject(db, gone.subject.id);
      expect(await unpurged()).toBeUndefined();

      expect((await getRendition(db, drawn.rendition.id))?.resultFileIds).toEqual(drawn.fileIds);
      expect(await findDelivery(db, 'training', kept.run.id)).toMatchObject({
        payload: { outcome: 'succeeded' },
      });
    });

    it('takes no pictures from a rendering that ends afterwards', async () => {
      const db = opened();
      const { subject, artifactId } = await insertReadySubject(db);
      const where = { subjectId: subject.id, ownerId: subject.ownerId };
      const drawn = { userId: subject.ownerId, subjectId: subject.id, artifactId };
      const { id } = await insertRendition(db, drawn);
      await startRenditionAttempt(db, id);
      await softDeleteSubject(db, where);
      expect(await succeedRendition(db, id, 1, makeRenderResult(2))).toBe(false);
      expect(await getRendition(db, id)).toMatchObject({
        status: 'cancelled',
        resultFileIds: null,
      });
      expect(await findDelivery(db, 'rendition', id)).toMatchObject({
        payload: { outcome: 'cancelled' },
      });
    });

    it('takes no weights from a training that ends afterwards', async () => {
      const db = opened();
      const { run, subject } = await insertTraining(db);
      await startTrainingAttempt(db, run.id);
      await softDeleteSubject(db, { subjectId: subject.id, ownerId: subject.ownerId });
      expect(await checkTrainingAttempt(db, run.id, 1)).toBe('cancel');
      const success = makeTrainSuccess();
      expect(await succeedTraining(db, run.id, 1, success)).toBe(false);
      expect((await getTrainingRun(db, run.id))?.status).toBe('cancelled');
      expect(await listArtifacts(db, subject.id)).toEqual([]);
    });

    it('is not purged while it is alive', async () => {
      const db = opened();
      const { run, subject } = await insertTraining(db);
      await purgeSubject(db, subject.id);
      expect((await getTrainingRunWithSubject(db, run.id))?.photos).toHaveLength(3);
    });

    it('frees its name and its identifier', async () => {
      const db = opened();
      const { subject } = await insertReadySubject(db, { name: 'Tom' }, { identifier: 'qqx' });
      await softDeleteSubject(db, { subjectId: subject.id, ownerId: subject.ownerId });
      await insertReadySubject(db, { userId: subject.ownerId, name: 'Tom' }, { identifier: 'qqx' });
    });
  });
}
