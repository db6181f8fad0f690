/** @file The query tests, as one body that runs on PGlite and on Postgres. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Db } from '../client.ts';
import { outcomeSchema } from '../jobs/outcome.ts';
import { trainEvaluationSchema } from '../jobs/train-subject.ts';
import { migrateDatabase } from '../migrate.ts';
import { getArtifact, listArtifacts } from '../queries/artifacts.ts';
import { ensureClassImageSet, growClassImageSet } from '../queries/class-image-sets.ts';
import { upsertGuild } from '../queries/guilds.ts';
import { createTraining } from '../queries/new-trainings.ts';
import { findDelivery } from '../queries/outbox-deliveries.ts';
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
  upsertUser,
} from '../queries/users.ts';
import { newId } from '../schema/columns.ts';
import { describeOutboxQueries } from './outbox-suite.ts';
import { describeRenditionQueries } from './rendition-suite.ts';
import {
  insertReadySubject,
  insertTraining,
  makeArtifact,
  makeFileId,
  makePhoto,
  makeSnowflake,
  makeTraining,
  makeTrainResult,
  makeTrainSuccess,
} from './rows.ts';
import { describeSubjectQueries } from './subject-suite.ts';

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

    describeSubjectQueries(() => db);

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

    describeOutboxQueries(() => db);
  });
}
