/** @file The query tests, as one body that runs on PGlite and on Postgres. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Db } from '../client.ts';
import { outcomeSchema } from '../jobs/outcome.ts';
import { trainEvaluationSchema } from '../jobs/train-subject.ts';
import { migrateDatabase } from '../migrate.ts';
import { getArtifact, listArtifacts } from '../queries/artifacts.ts';
import { ensureClassImageSet, growClassImageSet } from '../queries/class-image-sets.ts';
import { upsertGuild } from '../queries/guilds.ts';
import { createRendition } from '../queries/new-renditions.ts';
import { createTraining } from '../queries/new-trainings.ts';
import { countOpenJobs } from '../queries/open-jobs.ts';
import {
  claimDeliveries,
  deliveryBackoffMs,
  findDelivery,
  insertDelivery,
  markDelivered,
  rescheduleDelivery,
} from '../queries/outbox-deliveries.ts';
import {
  checkRenditionAttempt,
  failRendition,
  startRenditionAttempt,
  succeedRendition,
  updateRenditionProgress,
} from '../queries/rendition-attempts.ts';
import { requestCancelRendition } from '../queries/rendition-ends.ts';
import { insertSubjectUses } from '../queries/rendition-subjects.ts';
import {
  getRendition,
  getRenditionWithSubjects,
  listFinishedRenditions,
  listUnqueuedRenditions,
} from '../queries/renditions.ts';
import {
  listUnpurgedSubjects,
  purgeSubject,
  softDeleteSubject,
} from '../queries/subject-deletion.ts';
import {
  findDefaultSubject,
  getSubject,
  listSubjects,
  listTakenIdentifiers,
} from '../queries/subjects.ts';
import {
  assignIdentifier,
  cancelTraining,
  checkTrainingAttempt,
  failTraining,
  startTrainingAttempt,
  succeedTraining,
  updateTrainingProgress,
} from '../queries/training-attempts.ts';
import { requestCancelTraining } from '../queries/training-ends.ts';
import {
  getTrainingRun,
  getTrainingRunWithSubject,
  listOpenTrainingRuns,
  listUnqueuedTrainingRuns,
  setTrainingProgressMessage,
} from '../queries/training-runs.ts';
import {
  deleteDataKey,
  getDataKey,
  listUsersToRewrap,
  rewrapDataKey,
  setDataKeyIfAbsent,
  setDefaultSubject,
  upsertUser,
} from '../queries/users.ts';
import { artifacts } from '../schema/artifacts.ts';
import { newId } from '../schema/columns.ts';
import { outboxDeliveries } from '../schema/outbox-deliveries.ts';
import { photos } from '../schema/photos.ts';
import { describeRenditionQueries } from './rendition-suite.ts';
import {
  insertFinishedRendition,
  insertReadySubject,
  insertRendition,
  insertTraining,
  makeArtifact,
  makeFileId,
  makePhoto,
  makeRenderResult,
  makeRendition,
  makeSnowflake,
  makeTraining,
  makeTrainResult,
  makeTrainSuccess,
} from './rows.ts';

const progress = { stage: 'training', step: 3, totalSteps: 10, secondsLeft: 7, loss: 0.5 } as const;

/**
 * Declares the tests.
 *
 * @param open opens an empty database; the suite migrates and closes it
 */
export function describeQueries(name: string, open: () => Promise<Database>): void {
  describe(`queries on ${name}`, () => {
    let database: Database;
    let db: Db;

    beforeAll(async () => {
      database = await open();
      await migrateDatabase(database, { queue: false });
      db = database.db;
    }, 120_000);
    afterAll(() => database?.close());

    describe('guilds and users', () => {
      it('keep the name they had when a later visit brings none', async () => {
        const id = makeSnowflake();
        await upsertUser(db, { id, name: 'Ada' });
        expect((await upsertUser(db, { id })).name).toBe('Ada');
        expect((await upsertUser(db, { id, name: 'Ada L.' })).name).toBe('Ada L.');
        expect((await upsertGuild(db, { id, name: 'Cats' })).name).toBe('Cats');
        expect((await upsertGuild(db, { id })).name).toBe('Cats');
      });

      it('give every process the same data key, whoever stored it first', async () => {
        const userId = makeSnowflake();
        expect(await getDataKey(db, userId)).toBeUndefined();
        const keys = [1, 2, 3].map((byte) => ({
          wrappedDataKey: new Uint8Array(60).fill(byte),
          keyId: 'k1',
        }));
        const stored = await Promise.all(keys.map((key) => setDataKeyIfAbsent(db, userId, key)));
        expect(new Set(stored.map((key) => key.wrappedDataKey[0])).size).toBe(1);
        expect(await getDataKey(db, userId)).toEqual(stored[0]);
        expect(stored[0]?.wrappedDataKey).toHaveLength(60);
      });

      it('re-wrap a data key only from the wrapping that stands', async () => {
        const userId = makeSnowflake();
        await setDataKeyIfAbsent(db, userId, { wrappedDataKey: new Uint8Array([1]), keyId: 'old' });
        const toRewrap = await listUsersToRewrap(db, 'new', 1000);
        expect(toRewrap.map((row) => row.userId)).toContain(userId);
        const rewrapped = { wrappedDataKey: new Uint8Array([2, 3]), keyId: 'new' };
        expect(await rewrapDataKey(db, userId, 'old', rewrapped)).toBe(true);
        expect(await rewrapDataKey(db, userId, 'old', rewrapped)).toBe(false);
        expect(await getDataKey(db, userId)).toEqual(rewrapped);
        await deleteDataKey(db, userId);
        expect(await getDataKey(db, userId)).toBeUndefined();
      });
    });

    describe('a training', () => {
      it('is recorded with its subject and its photos in order', async () => {
        const training = makeTraining({ name: '  Rex  ' });
        const created = await createTraining(db, training);
        if (created.outcome !== 'created') throw new Error(created.outcome);
        const work = await getTrainingRunWithSubject(db, created.run.id);
        expect(work?.run).toMatchObject({
          status: 'queued',
          attempt: 0,
          cancelRequested: false,
          settings: training.settings,
          channelId: training.channelId,
          progress: null,
        });
        expect(work?.run.createdAt).toBeInstanceOf(Date);
        expect(work?.subject).toMatchObject({
          name: 'Rex',
          nameKey: 'rex',
          status: 'training',
        });
        expect(work?.photos.map((photo) => photo.storageFileId)).toEqual(
          training.photos.map((photo) => photo.storageFileId),
        );
        expect(work?.photos.map((photo) => photo.position)).toEqual([0, 1, 2]);
      });

      it('is made once when Discord delivers its interaction twice, even at once', async () => {
        const training = makeTraining();
        const results = await Promise.all([
          createTraining(db, training),
          createTraining(db, { ...training, photos: [makePhoto()] }),
          createTraining(db, training),
        ]);
        expect(results.map((result) => result.outcome).sort()).toEqual([
          'created',
          'duplicate',
          'duplicate',
        ]);
        const ids = results.map((result) => (result.outcome === 'name-taken' ? '' : result.run.id));
        expect(new Set(ids).size).toBe(1);
        expect(await listSubjects(db, { ownerId: training.userId })).toHaveLength(1);
      });

      it('refuses a name that the owner uses, however it is written, and leaves no rows', async () => {
        const { subject } = await insertTraining(db, { name: 'Frau Müller' });
        const again = await createTraining(
          db,
          makeTraining({ userId: subject.ownerId, name: 'FRAU  MÜLLER ' }),
        );
        expect(again.outcome).toBe('name-taken');
        expect(await listSubjects(db, { ownerId: subject.ownerId })).toHaveLength(1);
        await insertTraining(db, { name: 'Frau Müller' });
      });

      it('runs in a direct message, where there is no guild', async () => {
        const { run } = await insertTraining(db, { guildId: null });
        expect(run.guildId).toBeNull();
      });

      it('counts its starts, and only the latest start may write', async () => {
        const { run } = await insertTraining(db);
        const first = await startTrainingAttempt(db, run.id);
        expect(first).toMatchObject({ started: true, attempt: 1 });
        expect(await updateTrainingProgress(db, run.id, 1, progress)).toBe(true);
        const second = await startTrainingAttempt(db, run.id);
        expect(second).toMatchObject({ started: true, attempt: 2 });

        expect(await updateTrainingProgress(db, run.id, 1, { ...progress, step: 9 })).toBe(false);
        expect(await checkTrainingAttempt(db, run.id, 1)).toBe('stale');
        expect(await assignIdentifier(db, run.id, 1, makeArtifact())).toBe('stale');
        expect(await failTraining(db, run.id, 1, { code: 'INTERNAL' })).toBe(false);
        expect(await cancelTraining(db, run.id, 1)).toBe(false);
        const success = makeTrainSuccess();
        expect(await succeedTraining(db, run.id, 1, success)).toBe(false);

        const row = await getTrainingRun(db, run.id);
        expect(row).toMatchObject({ status: 'running', attempt: 2, progress });
        expect(row?.startedAt).toEqual(first.started ? first.run.startedAt : null);
        expect(await findDelivery(db, 'training', run.id)).toBeUndefined();
        expect(await checkTrainingAttempt(db, run.id, 2)).toBe('go-on');
      });

      it('that succeeds leaves weights, a ready subject and one delivery', async () => {
        const { run, subject } = await insertTraining(db);
        await startTrainingAttempt(db, run.id);
        const scores = { identity: 0.8, prompt: 0.9, drift: 0.01 };
        const [early, artifact] = [makeArtifact({ step: 5 }), makeArtifact({ scores })];
        const result = makeTrainResult();
        const evaluation = {
          judge: 'pocket' as const,
          photoLikeness: 0.95,
          classLikeness: 0.4,
          candidates: [{ step: 10, ...scores }],
          bestStep: 10,
        };
        const artifactId = await succeedTraining(db, run.id, 1, {
          artifacts: [early, artifact],
          best: 1,
          evaluation,
          times: null,
          result,
        });
        if (artifactId === false) throw new Error('stale');
        expect(await getArtifact(db, artifactId)).toMatchObject({ ...artifact, runId: run.id });
        expect(await listArtifacts(db, subject.id)).toMatchObject([artifact, early]);
        expect(trainEvaluationSchema.parse(evaluation)).toEqual(
          (await getTrainingRun(db, run.id))?.evaluation,
        );
        expect(await getSubject(db, subject.id)).toMatchObject({
          status: 'ready',
          currentArtifactId: artifactId,
          identifier: artifact.identifier,
          baseCheckpointHash: 'base-1',
        });
        const row = await getTrainingRun(db, run.id);
        expect(row).toMatchObject({ status: 'succeeded', failureCode: null });
        expect(row?.finishedAt).toBeInstanceOf(Date);
        const delivery = await findDelivery(db, 'training', run.id);
        expect(delivery).toMatchObject({
          channelId: run.channelId,
          userId: run.userId,
          status: 'pending',
          payload: {
            outcome: 'succeeded',
            kind: 'training',
            result: { ...result, artifactId },
          },
        });
        expect(outcomeSchema.parse(delivery?.payload)).toEqual(delivery?.payload);
        expect(delivery?.nonce.length).toBeLessThanOrEqual(25);

        expect(await startTrainingAttempt(db, run.id)).toEqual({
          started: false,
          reason: 'finished',
        });
        expect(await failTraining(db, run.id, 1, { code: 'INTERNAL' })).toBe(false);
      });

      it('that fails says why, frees its name and keeps the subject out of prompts', async () => {
        const { run, subject } = await insertTraining(db, { name: 'Bob' });
        await startTrainingAttempt(db, run.id);
        const detail = { nearestClassNouns: ['dog', 'cat'] };
        expect(await failTraining(db, run.id, 1, { code: 'CLASS_NOUN_UNKNOWN', detail })).toBe(
          true,
        );
        expect(await getTrainingRun(db, run.id)).toMatchObject({
          status: 'failed',
          failureCode: 'CLASS_NOUN_UNKNOWN',
        });
        expect((await findDelivery(db, 'training', run.id))?.payload).toEqual({
          outcome: 'failed',
          kind: 'training',
          code: 'CLASS_NOUN_UNKNOWN',
          detail,
        });
        expect((await getSubject(db, subject.id))?.status).toBe('untrained');
        expect(await findDefaultSubject(db, run.userId)).toEqual({ kind: 'none' });
        await insertTraining(db, { userId: run.userId, name: 'Bob' });
      });

      it('fails once it was started too often', async () => {
        const { run } = await insertTraining(db);
        await startTrainingAttempt(db, run.id, { maxAttempts: 2 });
        await startTrainingAttempt(db, run.id, { maxAttempts: 2 });
        expect(await startTrainingAttempt(db, run.id, { maxAttempts: 2 })).toEqual({
          started: false,
          reason: 'too-many-attempts',
        });
        expect(await getTrainingRun(db, run.id)).toMatchObject({
          status: 'failed',
          failureCode: 'TOO_MANY_ATTEMPTS',
        });
        expect(await findDelivery(db, 'training', run.id)).toBeDefined();
      });

      it('that no row stands for does not start', async () => {
        expect(await startTrainingAttempt(db, newId())).toEqual({
          started: false,
          reason: 'missing',
        });
      });

      it('is cancelled at once while it waits, by its owner only', async () => {
        const { run, subject } = await insertTraining(db);
        expect(await requestCancelTraining(db, run.id, makeSnowflake())).toBe('not-owner');
        expect((await getTrainingRun(db, run.id))?.status).toBe('queued');
        expect(await requestCancelTraining(db, run.id, run.userId)).toBe('cancelled');
        expect(await requestCancelTraining(db, run.id, run.userId)).toBe('finished');
        expect(await requestCancelTraining(db, newId(), run.userId)).toBe('missing');
        expect((await getSubject(db, subject.id))?.status).toBe('untrained');
        expect(await startTrainingAttempt(db, run.id)).toMatchObject({ reason: 'finished' });
        expect((await findDelivery(db, 'training', run.id))?.payload).toEqual({
          outcome: 'cancelled',
          kind: 'training',
        });
      });

      it('is cancelled by its worker while it runs', async () => {
        const { run } = await insertTraining(db);
        await startTrainingAttempt(db, run.id);
        expect(await requestCancelTraining(db, run.id, run.userId)).toBe('requested');
        expect(await checkTrainingAttempt(db, run.id, 1)).toBe('cancel');
        expect(await findDelivery(db, 'training', run.id)).toBeUndefined();
        expect(await cancelTraining(db, run.id, 1)).toBe(true);
        expect((await getTrainingRun(db, run.id))?.status).toBe('cancelled');
        expect(await findDelivery(db, 'training', run.id)).toBeDefined();
      });

      it('chooses an identifier that no other subject of the owner has on that base', async () => {
        const { subject } = await insertReadySubject(db, {}, { identifier: 'xqz' });
        const { run } = await insertTraining(db, { userId: subject.ownerId });
        await startTrainingAttempt(db, run.id);
        const taken = { identifier: 'xqz', baseCheckpointHash: 'base-1' };
        expect(await assignIdentifier(db, run.id, 1, taken)).toBe('taken');
        expect(
          await listTakenIdentifiers(db, {
            ownerId: subject.ownerId,
            baseCheckpointHash: 'base-1',
          }),
        ).toEqual(['xqz']);
        const free = { identifier: 'vkw', baseCheckpointHash: 'base-1' };
        expect(await assignIdentifier(db, run.id, 1, free)).toBe('assigned');
        expect(await assignIdentifier(db, run.id, 1, free)).toBe('assigned');
        const other = await insertTraining(db);
        await startTrainingAttempt(db, other.run.id);
        expect(await assignIdentifier(db, other.run.id, 1, taken)).toBe('assigned');
      });

      it('is found by the sweep while it is open', async () => {
        const { run } = await insertTraining(db);
        const find = async (olderThanMs: number) =>
          (await listUnqueuedTrainingRuns(db, { olderThanMs })).some((row) => row.id === run.id);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await find(0)).toBe(true);
        expect(await find(60_000)).toBe(false);
        await startTrainingAttempt(db, run.id);
        expect(await find(0)).toBe(true);
        await failTraining(db, run.id, 1, { code: 'INTERNAL' });
        expect(await find(0)).toBe(false);
      });

      it('is listed with its progress message while it is open', async () => {
        const { run } = await insertTraining(db);
        await setTrainingProgressMessage(db, run.id, '123');
        const shown = (await listOpenTrainingRuns(db, 1000)).find((row) => row.run.id === run.id);
        expect(shown?.run.progressMessageId).toBe('123');
        await requestCancelTraining(db, run.id, run.userId);
        const after = await listOpenTrainingRuns(db, 1000);
        expect(after.some((row) => row.run.id === run.id)).toBe(false);
      });
    });

    describeRenditionQueries(() => db);

    describe('a rendition', () => {
      it('is made once when Discord delivers its interaction twice, even at once', async () => {
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
        const waiting = await insertRendition(db);
        expect(await requestCancelRendition(db, waiting.id, 'somebody')).toBe('not-owner');
        expect(await requestCancelRendition(db, waiting.id, waiting.userId)).toBe('cancelled');
        const running = await insertRendition(db);
        await startRenditionAttempt(db, running.id);
        expect(await requestCancelRendition(db, running.id, running.userId)).toBe('requested');
        expect(await checkRenditionAttempt(db, running.id, 1)).toBe('cancel');
      });

      it('is found by the sweep while it is open', async () => {
        const { id } = await insertRendition(db);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const open = await listUnqueuedRenditions(db, { olderThanMs: 0 });
        expect(open.map((row) => row.id)).toContain(id);
      });

      it('counts, with trainings, as an open job of its user', async () => {
        const userId = makeSnowflake();
        await insertTraining(db, { userId });
        const { id } = await insertRendition(db, { userId });
        await insertRendition(db, { userId });
        expect(await countOpenJobs(db, userId)).toEqual({ trainings: 1, renditions: 2, total: 3 });
        await requestCancelRendition(db, id, userId);
        expect((await countOpenJobs(db, userId)).total).toBe(2);
      });
    });

    describe('the subject of a prompt', () => {
      it('is the only ready one, else the chosen one, else must be asked for', async () => {
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
        const { run, subject } = await insertTraining(db);
        await purgeSubject(db, subject.id);
        expect((await getTrainingRunWithSubject(db, run.id))?.photos).toHaveLength(3);
      });

      it('frees its name and its identifier', async () => {
        const { subject } = await insertReadySubject(db, { name: 'Tom' }, { identifier: 'qqx' });
        await softDeleteSubject(db, { subjectId: subject.id, ownerId: subject.ownerId });
        await insertReadySubject(
          db,
          { userId: subject.ownerId, name: 'Tom' },
          { identifier: 'qqx' },
        );
      });
    });

    describe('class images', () => {
      it('of one key are one set, which only grows', async () => {
        const key = {
          checkpointHash: makeFileId(),
          classNoun: 'dog',
          sampler: 'ddim',
          steps: 20,
          guidance: 7.3,
          size: 64,
          seed: 4_294_967_295,
        };
        const sets = await Promise.all([
          ensureClassImageSet(db, key),
          ensureClassImageSet(db, key),
          ensureClassImageSet(db, { ...key, guidance: 7.5 }),
        ]);
        expect(sets[0]?.id).toBe(sets[1]?.id);
        expect(sets[2]?.id).not.toBe(sets[0]?.id);
        const id = sets[0]?.id ?? '';
        await growClassImageSet(db, id, 50);
        expect((await growClassImageSet(db, id, 20))?.count).toBe(50);
      });

      it('are made by one caller at a time', async () => {
        const events: string[] = [];
        const work = (who: string) => async () => {
          events.push(`${who} in`);
          await new Promise((resolve) => setTimeout(resolve, 30));
          events.push(`${who} out`);
          if (who === 'a') throw new Error('a fails');
        };
        const results = await Promise.allSettled([
          database.withLock('set', work('a')),
          database.withLock('set', work('b')),
        ]);
        expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(events.map((event) => event.split(' ')[1])).toEqual(['in', 'out', 'in', 'out']);
        const [first, second] = events;
        expect(first?.[0]).toBe(second?.[0]);
      });
    });

    describe('the outbox', () => {
      const deliver = async () => {
        const refId = newId();
        await insertDelivery(db, {
          kind: 'rendition',
          refId,
          channelId: '1',
          userId: '2',
          payload: { outcome: 'cancelled', kind: 'rendition' },
        });
        return refId;
      };
      const claimAll = async () => {
        const claimed = [];
        for (;;) {
          const some = await claimDeliveries(db, { limit: 100 });
          if (some.length === 0) return claimed;
          claimed.push(...some);
        }
      };
      const only = async (refId: string) => {
        // Ends what other tests left, so that the next claim is ours.
        for (const claim of await claimAll()) {
          if (claim.refId === refId) return claim;
          await markDelivered(db, claim, null);
        }
        throw new Error('not claimed');
      };

      it('holds one outcome a row', async () => {
        const refId = await deliver();
        expect(
          await insertDelivery(db, {
            kind: 'rendition',
            refId,
            channelId: '1',
            userId: '2',
            payload: { outcome: 'cancelled', kind: 'rendition' },
          }),
        ).toBe(false);
      });

      it('gives a delivery to one claimer, however many ask at once', async () => {
        await claimAll();
        const refIds = await Promise.all(Array.from({ length: 20 }, deliver));
        const claims = await Promise.all(
          Array.from({ length: 8 }, () => claimDeliveries(db, { limit: 4 })),
        );
        const claimed = claims.flat().map((claim) => claim.refId);
        expect(new Set(claimed).size).toBe(claimed.length);
        const rest = (await claimAll()).map((claim) => claim.refId);
        expect([...claimed, ...rest].sort()).toEqual([...refIds].sort());
      });

      it('does not give out what was delivered, nor take a second report', async () => {
        const claim = await only(await deliver());
        expect(claim).toMatchObject({ status: 'sending', attempts: 1 });
        expect(await markDelivered(db, claim, '777')).toBe(true);
        expect(await markDelivered(db, claim, '778')).toBe(false);
        expect(await findDelivery(db, 'rendition', claim.refId)).toMatchObject({
          status: 'delivered',
          messageId: '777',
        });
        expect(await claimDeliveries(db)).toEqual([]);
      });

      it('tries again later, with the same nonce', async () => {
        const claim = await only(await deliver());
        expect(await rescheduleDelivery(db, claim, { errorCode: 'http-503', delayMs: 200 })).toBe(
          'pending',
        );
        expect(await claimDeliveries(db)).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, 300));
        const [again] = await claimDeliveries(db);
        expect(again).toMatchObject({
          refId: claim.refId,
          attempts: 2,
          nonce: claim.nonce,
          lastErrorCode: 'http-503',
        });
        expect(await rescheduleDelivery(db, claim, { errorCode: 'late' })).toBe('lost');
        expect(
          await rescheduleDelivery(db, again!, { errorCode: 'http-403', permanent: true }),
        ).toBe('failed');
        expect(await claimDeliveries(db)).toEqual([]);
      });

      it('gives up after so many attempts', async () => {
        const claim = await only(await deliver());
        expect(await rescheduleDelivery(db, claim, { errorCode: 'x', maxAttempts: 1 })).toBe(
          'failed',
        );
      });

      it('takes a delivery back from a claimer that died', async () => {
        await claimAll();
        const refId = await deliver();
        const [dead] = await claimDeliveries(db, { leaseMs: 100 });
        expect(dead?.refId).toBe(refId);
        expect(await claimDeliveries(db)).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, 200));
        const [next] = await claimDeliveries(db);
        expect(next).toMatchObject({ refId, attempts: 2 });
        expect(await markDelivered(db, dead!, '1')).toBe(false);
        expect(await markDelivered(db, next!, '2')).toBe(true);
      });

      it('backs off from one second to five minutes', () => {
        expect([1, 2, 3, 9, 10, 60].map(deliveryBackoffMs)).toEqual([
          1000, 2000, 4000, 256_000, 300_000, 300_000,
        ]);
      });

      it('is not written when the outcome is not', async () => {
        const { run } = await insertTraining(db);
        await startTrainingAttempt(db, run.id);
        await expect(
          db.transaction(async (tx) => {
            await failTraining(tx, run.id, 1, { code: 'INTERNAL' });
            throw new Error('the process dies here');
          }),
        ).rejects.toThrow('dies here');
        expect((await getTrainingRun(db, run.id))?.status).toBe('running');
        expect(await db.$count(outboxDeliveries, eq(outboxDeliveries.refId, run.id))).toBe(0);
      });
    });
  });
}
