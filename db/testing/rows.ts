/** @file Rows for tests: small, complete, never twice the same. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Db } from '../client.ts';
import type { RenderedWith, RenderResult } from '../jobs/render-prompt.ts';
import type { TrainResult } from '../jobs/train-subject.ts';
import { createRendition, type NewRendition } from '../queries/new-renditions.ts';
import { createTraining, type NewPhoto, type NewTraining } from '../queries/new-trainings.ts';
import { startRenditionAttempt, succeedRendition } from '../queries/rendition-attempts.ts';
import {
  type NewArtifact,
  startTrainingAttempt,
  succeedTraining,
  type TrainSuccess,
} from '../queries/training-attempts.ts';
import type { Rendition } from '../schema/renditions.ts';
import type { Subject } from '../schema/subjects.ts';
import type { TrainingRun } from '../schema/training-runs.ts';

/** @returns an id like Discord's */
export function makeSnowflake(): string {
  return `${randomInt(1e8, 1e9)}${randomInt(1e8, 1e9)}`;
}

/** @returns an id like the storage's */
export function makeFileId(): string {
  return randomUUID();
}

export function makePhoto(): NewPhoto {
  return {
    storageFileId: makeFileId(),
    width: 640,
    height: 480,
    sizeBytes: 12_345,
    sha256: randomBytes(32).toString('hex'),
  };
}

export function makeTraining(changes: Partial<NewTraining> = {}): NewTraining {
  return {
    userId: makeSnowflake(),
    guildId: makeSnowflake(),
    channelId: makeSnowflake(),
    interactionId: makeSnowflake(),
    name: `Subject ${randomBytes(4).toString('hex')}`,
    classNoun: 'dog',
    settings: { seed: 1, maxTrainSteps: 10 },
    photos: [makePhoto(), makePhoto(), makePhoto()],
    ...changes,
  };
}

export function makeArtifact(changes: Partial<NewArtifact> = {}): NewArtifact {
  return {
    method: 'full',
    baseCheckpointHash: 'base-1',
    identifier: randomBytes(3).toString('hex'),
    storageFileId: makeFileId(),
    sizeBytes: 6_000_000_000,
    step: 10,
    scores: null,
    sampleFileIds: [makeFileId()],
    ...changes,
  };
}

/** @returns what a training leaves, with two samples and a class picture before and after */
export function makeTrainResult(): Omit<TrainResult, 'artifactId'> {
  return {
    steps: 10,
    finalLoss: 0.25,
    sampleFileIds: [makeFileId(), makeFileId()],
    classBeforeFileIds: [makeFileId()],
    classAfterFileIds: [makeFileId()],
  };
}

/** @returns what a training of one candidate comes to */
export function makeTrainSuccess(artifact: Partial<NewArtifact> = {}): TrainSuccess {
  return {
    artifacts: [makeArtifact(artifact)],
    best: 0,
    evaluation: null,
    times: null,
    result: makeTrainResult(),
  };
}

/** Inserts a training that waits. */
export async function insertTraining(
  db: Db,
  changes: Partial<NewTraining> = {},
): Promise<{ run: TrainingRun; subject: Subject }> {
  const created = await createTraining(db, makeTraining(changes));
  if (created.outcome !== 'created') throw new Error(`training: ${created.outcome}`);
  return created;
}

/** Inserts a subject that can be rendered; `fileIds` are all its files so far. */
export async function insertReadySubject(
  db: Db,
  changes: Partial<NewTraining> = {},
  artifact: Partial<NewArtifact> = {},
): Promise<{ run: TrainingRun; subject: Subject; artifactId: string; fileIds: string[] }> {
  const training = makeTraining(changes);
  const { run, subject } = await insertTraining(db, training);
  const start = await startTrainingAttempt(db, run.id);
  if (!start.started) throw new Error(`start: ${start.reason}`);
  const success = makeTrainSuccess(artifact);
  const artifactId = await succeedTraining(db, run.id, start.attempt, success);
  if (artifactId === false) throw new Error('succeed: stale');
  const fileIds = [
    ...training.photos.map((photo) => photo.storageFileId),
    ...success.artifacts.flatMap((weights) => [weights.storageFileId, ...weights.sampleFileIds]),
    ...success.result.sampleFileIds,
    ...success.result.classBeforeFileIds,
    ...success.result.classAfterFileIds,
  ];
  return { run, subject, artifactId, fileIds };
}

export function makeRendition(changes: Partial<NewRendition> = {}): NewRendition {
  return {
    userId: makeSnowflake(),
    guildId: makeSnowflake(),
    channelId: makeSnowflake(),
    interactionId: makeSnowflake(),
    subjectId: null,
    artifactId: null,
    prompt: 'a [V] dog on the beach',
    resolvedPrompt: 'a xqz dog on the beach',
    seed: 4_294_967_295,
    count: 2,
    settings: { numInferenceSteps: 20 },
    ...changes,
  };
}

/** Inserts a rendition that waits. */
export async function insertRendition(
  db: Db,
  changes: Partial<NewRendition> = {},
): Promise<Rendition> {
  const created = await createRendition(db, makeRendition(changes));
  if (created.outcome === 'start-file-taken') throw new Error(`rendition: ${created.outcome}`);
  return created.rendition;
}

/** Inserts a rendition that has its pictures. */
export async function insertFinishedRendition(
  db: Db,
  changes: Partial<NewRendition> = {},
): Promise<{ rendition: Rendition; fileIds: string[] }> {
  const rendition = await insertRendition(db, changes);
  const start = await startRenditionAttempt(db, rendition.id);
  if (!start.started) throw new Error(`start: ${start.reason}`);
  const result = makeRenderResult(rendition.count);
  if (!(await succeedRendition(db, rendition.id, start.attempt, result))) {
    throw new Error('succeed: stale');
  }
  return { rendition, fileIds: result.fileIds };
}

const renderedWith = {
  width: 64,
  height: 64,
  sampler: 'ddim',
  numInferenceSteps: 20,
  guidanceScale: 3,
} satisfies RenderedWith;

/** @returns what a rendering leaves */
export function makeRenderResult(count: number): RenderResult {
  const fileIds = Array.from({ length: count }, makeFileId);
  return { fileIds, seeds: fileIds.map((_, index) => index), renderedWith };
}
