/** @file For tests: the worker's part, as the rows and files that a worker would write. */
import { randomUUID } from 'node:crypto';
import type { APIMessage } from 'discord.js';
import type { TrainProgress } from '#db/jobs/train-subject.ts';
import { startRenditionAttempt, succeedRendition } from '#db/queries/rendition-attempts.ts';
import {
  startTrainingAttempt,
  succeedTraining,
  updateTrainingProgress,
} from '#db/queries/training-attempts.ts';
import { listOpenTrainingRuns } from '#db/queries/training-runs.ts';
import type { ArtifactMethod } from '#db/schema/artifacts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { findCustomId, readText } from '#playground/message-parts.ts';
import { ensureDataKey } from '../intake/data-keys.ts';
import { type BotStage, makePhotos, makePicture, STAGE_TIMEOUT_MS, until } from './bot-stage.ts';

/** A user trains: rows and job are there when this returns. */
export async function requestTrainingAs(
  stage: BotStage,
  user: string,
  subject: { name: string; classNoun?: string; photos?: number },
): Promise<{ run: TrainingRun; subject: Subject }> {
  const photos = await makePhotos(subject.photos ?? 3);
  const sent = await stage.playground.command({
    user,
    name: 'train',
    options: { class: subject.classNoun ?? 'dog', name: subject.name, consent: true },
    files: Object.fromEntries(photos.map((photo, index) => [`photo${index + 1}`, photo])),
    until: 'settled',
    timeoutMs: STAGE_TIMEOUT_MS,
  });
  await startAsked(stage, user, sent.message);
  return until(async () => {
    const open = await listOpenTrainingRuns(stage.database.db);
    return open.find((item) => item.subject.name === subject.name);
  }, `training of ${subject.name}`);
}

async function pressStart(stage: BotStage, user: string, message: string, customId: string) {
  const timeoutMs = STAGE_TIMEOUT_MS;
  const click = { user, message, customId, until: 'settled', timeoutMs } as const;
  return (await stage.playground.click(click)).message;
}

/** Presses Start under the question of a `/train`. */
export async function startAsked(
  stage: BotStage,
  user: string,
  question: APIMessage | null | undefined,
): Promise<void> {
  const customId = question ? findCustomId(question, 'train-start:') : undefined;
  const shown =
    question && customId !== undefined
      ? await pressStart(stage, user, question.id, customId)
      : question;
  const text = shown ? readText(shown) : 'nothing';
  if (text.startsWith('I am learning')) return;
  const failed = stage.logs.findLast((line) => line.msg === 'interaction failed');
  throw new Error(`/train was answered with: ${text} ${JSON.stringify(failed)}`);
}

/** Takes a run as a worker does. @returns the attempt's number */
export async function takeTraining(stage: BotStage, runId: string): Promise<number> {
  const started = await startTrainingAttempt(stage.database.db, runId);
  if (!started.started) throw new Error(`not started: ${started.reason}`);
  return started.attempt;
}

/** Reports progress as a worker does. */
export async function reportTraining(
  stage: BotStage,
  runId: string,
  attempt: number,
  progress: Partial<TrainProgress> = {},
): Promise<void> {
  await updateTrainingProgress(stage.database.db, runId, attempt, {
    stage: 'training',
    step: 10,
    totalSteps: 100,
    secondsLeft: 120,
    loss: 0.1,
    ...progress,
  });
}

/** Ends a run well, with two samples and a picture of the class before and after. */
export async function finishTraining(
  stage: BotStage,
  run: TrainingRun,
  attempt: number,
  identifier = 'zwx',
  method: ArtifactMethod = 'full',
): Promise<void> {
  const { db } = stage.database;
  const ownerDataKey = await ensureDataKey(db, stage.masterKey, run.userId);
  const put = async (seed: number) => stage.store.put(await makePicture(seed), { ownerDataKey });
  const sampleFileIds = [await put(101), await put(102)];
  const artifactId = await succeedTraining(db, run.id, attempt, {
    artifacts: [
      {
        method,
        baseCheckpointHash: 'base-1',
        identifier,
        storageFileId: await put(99),
        sizeBytes: 1,
        step: 100,
        scores: null,
        sampleFileIds,
      },
    ],
    best: 0,
    evaluation: null,
    times: null,
    result: {
      steps: 100,
      finalLoss: 0.05,
      sampleFileIds,
      classBeforeFileIds: [await put(103)],
      classAfterFileIds: [await put(104)],
    },
  });
  if (artifactId === false) throw new Error('the attempt is stale');
}

/** Trains a subject to its end. */
export async function trainSubjectAs(
  stage: BotStage,
  user: string,
  subject: { name: string; classNoun?: string },
  identifier = 'zwx',
  method: ArtifactMethod = 'full',
): Promise<Subject> {
  const requested = await requestTrainingAs(stage, user, subject);
  const attempt = await takeTraining(stage, requested.run.id);
  await finishTraining(stage, requested.run, attempt, identifier, method);
  return requested.subject;
}

/** Renders pictures as a worker does. */
export async function finishRendition(
  stage: BotStage,
  rendition: { id: string; userId: string; count: number },
): Promise<void> {
  const { db } = stage.database;
  const started = await startRenditionAttempt(db, rendition.id);
  if (!started.started) throw new Error(`not started: ${started.reason}`);
  const ownerDataKey = await ensureDataKey(db, stage.masterKey, rendition.userId);
  const fileIds: string[] = [];
  for (let index = 0; index < rendition.count; index++) {
    fileIds.push(await stage.store.put(await makePicture(200 + index), { ownerDataKey }));
  }
  const seeds = fileIds.map((_, index) => index);
  await succeedRendition(db, rendition.id, started.attempt, {
    fileIds,
    seeds,
    renderedWith: {
      width: 64,
      height: 48,
      sampler: 'ddim',
      numInferenceSteps: 20,
      guidanceScale: 3,
    },
  });
}

/** An id that no row has. */
export const unknownId = (): string => randomUUID();
