/** @file Tests of what follows a training (choosing weights, training on, ending early), as one body for PGlite and Postgres. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Db } from '../client.ts';
import { migrateDatabase } from '../migrate.ts';
import { chooseArtifact, listArtifacts, listArtifactsOfRun } from '../queries/artifacts.ts';
import {
  listUnpurgedSubjects,
  purgeSubject,
  softDeleteSubject,
} from '../queries/subject-deletion.ts';
import { getSubject } from '../queries/subjects.ts';
import { createAnotherTraining } from '../queries/train-again.ts';
import {
  checkTrainingAttempt,
  failTraining,
  startTrainingAttempt,
  succeedTraining,
  updateTrainingProgress,
} from '../queries/training-attempts.ts';
import { requestCancelTraining, requestFinishTraining } from '../queries/training-ends.ts';
import { getTrainingRun } from '../queries/training-runs.ts';
import { listTrainingTimes } from '../queries/training-times.ts';
import {
  insertReadySubject,
  insertTraining,
  makeArtifact,
  makeFileId,
  makeSnowflake,
  makeTrainSuccess,
} from './rows.ts';

const progress = { stage: 'training', step: 3, totalSteps: 10, secondsLeft: 7, loss: 0.5 } as const;

/**
 * Declares the tests.
 *
 * @param open opens an empty database; the suite migrates and closes it
 */
export function describeTrainings(name: string, open: () => Promise<Database>): void {
  describe(`what follows a training, on ${name}`, () => {
    let database: Database;
    let db: Db;

    beforeAll(async () => {
      database = await open();
      await migrateDatabase(database, { queue: false });
      db = database.db;
    }, 120_000);
    afterAll(() => database?.close());

    /** A training that kept three candidates, the second of them the best. */
    const insertCandidates = async () => {
      const { run, subject } = await insertTraining(db);
      await startTrainingAttempt(db, run.id);
      const identifier = 'zwx';
      const kept = [5, 10, 15].map((step) => makeArtifact({ step, identifier }));
      const success = { ...makeTrainSuccess(), artifacts: kept, best: 1 };
      await succeedTraining(db, run.id, 1, success);
      return { run, subject, artifacts: await listArtifactsOfRun(db, run.id) };
    };
    const again = (subject: { id: string; ownerId: string }, changes: object = {}) =>
      createAnotherTraining(db, {
        subjectId: subject.id,
        userId: subject.ownerId,
        guildId: null,
        channelId: makeSnowflake(),
        interactionId: makeSnowflake(),
        settings: { seed: 2 },
        parentArtifactId: null,
        ...changes,
      });

    it('the best candidate is in use, and its owner can choose another', async () => {
      const { subject, artifacts } = await insertCandidates();
      expect(artifacts.map(({ step }) => step)).toEqual([5, 10, 15]);
      const [first, best] = artifacts;
      expect((await getSubject(db, subject.id))?.currentArtifactId).toBe(best?.id);
      expect(await chooseArtifact(db, first?.id ?? '', subject.ownerId)).toMatchObject({
        outcome: 'chosen',
        artifact: { step: 5 },
        subject: { currentArtifactId: first?.id },
      });
      expect((await getSubject(db, subject.id))?.currentArtifactId).toBe(first?.id);
    });

    it('nobody else chooses, and nothing is chosen that is gone', async () => {
      const { subject, artifacts } = await insertCandidates();
      const [first, best] = artifacts.map(({ id }) => id);
      expect(await chooseArtifact(db, first!, makeSnowflake())).toEqual({ outcome: 'not-owner' });
      expect(await chooseArtifact(db, crypto.randomUUID(), subject.ownerId)).toEqual({
        outcome: 'missing',
      });
      expect((await getSubject(db, subject.id))?.currentArtifactId).toBe(best);
      await softDeleteSubject(db, { subjectId: subject.id, ownerId: subject.ownerId });
      expect(await chooseArtifact(db, first!, subject.ownerId)).toEqual({ outcome: 'missing' });
    });

    it('weights whose word another subject has by now are not chosen', async () => {
      const { subject, artifacts } = await insertCandidates();
      // Trained again on another base, it gave its word on the first one up.
      const second = await again(subject);
      if (second.outcome !== 'created') throw new Error(second.outcome);
      await startTrainingAttempt(db, second.run.id);
      await succeedTraining(
        db,
        second.run.id,
        1,
        makeTrainSuccess({ identifier: 'qrs', baseCheckpointHash: 'base-2' }),
      );
      await insertReadySubject(db, { userId: subject.ownerId }, { identifier: 'zwx' });
      expect(await chooseArtifact(db, artifacts[0]!.id, subject.ownerId)).toEqual({
        outcome: 'identifier-taken',
      });
    });

    it('a subject is trained on from its weights, usable all the while', async () => {
      const { subject, artifactId } = await insertReadySubject(db);
      const interactionId = makeSnowflake();
      const changes = { parentArtifactId: artifactId, interactionId };
      const made = await again(subject, changes);
      expect(made).toMatchObject({
        outcome: 'created',
        run: { status: 'queued', parentArtifactId: artifactId, subjectId: subject.id },
        subject: { status: 'ready' },
      });
      expect(await again(subject, changes)).toMatchObject({ outcome: 'duplicate' });
      expect(await again(subject)).toEqual({ outcome: 'busy' });
      if (made.outcome !== 'created') throw new Error(made.outcome);
      await startTrainingAttempt(db, made.run.id);
      await failTraining(db, made.run.id, 1, { code: 'NAN_LOSS' });
      expect(await getSubject(db, subject.id)).toMatchObject({
        status: 'ready',
        currentArtifactId: artifactId,
      });
      expect(await listArtifacts(db, subject.id)).toHaveLength(1);
    });

    it('a training that failed is made again, unless its subject’s name was given away', async () => {
      const { run, subject } = await insertTraining(db, { name: 'Bob' });
      await startTrainingAttempt(db, run.id);
      await failTraining(db, run.id, 1, { code: 'INTERNAL' });
      const retried = await again(subject);
      expect(retried).toMatchObject({ outcome: 'created', subject: { status: 'training' } });
      if (retried.outcome !== 'created') throw new Error(retried.outcome);
      await requestCancelTraining(db, retried.run.id, subject.ownerId);
      await insertTraining(db, { name: 'Bob', userId: subject.ownerId });
      expect(await again(subject)).toEqual({ outcome: 'name-taken' });
      expect(await again({ ...subject, ownerId: makeSnowflake() })).toEqual({ outcome: 'missing' });
    });

    it('is told to end early by its owner only, once it makes steps', async () => {
      const { run } = await insertTraining(db);
      const ask = (userId: string) => requestFinishTraining(db, run.id, userId);
      expect(await requestFinishTraining(db, crypto.randomUUID(), run.userId)).toBe('missing');
      expect(await ask(run.userId)).toBe('not-begun');
      await startTrainingAttempt(db, run.id);
      await updateTrainingProgress(db, run.id, 1, progress);
      expect(await ask(makeSnowflake())).toBe('not-owner');
      expect(await checkTrainingAttempt(db, run.id, 1)).toBe('go-on');
      expect(await ask(run.userId)).toBe('requested');
      expect(await checkTrainingAttempt(db, run.id, 1)).toBe('finish');
      await updateTrainingProgress(db, run.id, 1, { ...progress, stage: 'evaluating' });
      expect(await ask(run.userId)).toBe('learned');
      await requestCancelTraining(db, run.id, run.userId);
      expect(await checkTrainingAttempt(db, run.id, 1)).toBe('cancel');
      expect(await ask(run.userId)).toBe('finished');
    });

    it('its times are listed, newest first', async () => {
      const times = {
        baseCheckpointHash: 'base-1',
        method: 'lora',
        steps: 10,
        classImages: 0,
        training: 12.5,
        evaluating: 3,
      } as const;
      for (const training of [1, 2]) {
        const { run } = await insertTraining(db);
        await startTrainingAttempt(db, run.id);
        const success = { ...makeTrainSuccess(), times: { ...times, training } };
        await succeedTraining(db, run.id, 1, success);
      }
      expect((await listTrainingTimes(db)).map(({ training }) => training)).toEqual([2, 1]);
      expect(await listTrainingTimes(db, 1)).toEqual([{ ...times, training: 2 }]);
    });

    it('its pictures on the way go with its subject', async () => {
      const { run, subject } = await insertTraining(db);
      await startTrainingAttempt(db, run.id);
      const fileId = makeFileId();
      await updateTrainingProgress(db, run.id, 1, { ...progress, previews: [{ step: 5, fileId }] });
      const where = { subjectId: subject.id, ownerId: subject.ownerId };
      expect((await softDeleteSubject(db, where))?.fileIds).toContain(fileId);
      const unpurged = await listUnpurgedSubjects(db);
      expect(unpurged.find(({ subjectId }) => subjectId === subject.id)?.fileIds).toContain(fileId);
      await purgeSubject(db, subject.id);
      expect((await getTrainingRun(db, run.id))?.progress).toBeNull();
    });
  });
}
