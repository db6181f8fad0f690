/** @file Processor of `train-subject`: row and photos in, trained weights and samples out, one outcome. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type TrainProgress, type TrainResult, trainFailureCodes } from '#db/jobs/train-subject.ts';
import { listTakenIdentifiers } from '#db/queries/subjects.ts';
import {
  assignIdentifier,
  cancelTraining,
  checkTrainingAttempt,
  failTraining,
  getTrainingRunWithSubject,
  startTrainingAttempt,
  succeedTraining,
  updateTrainingProgress,
} from '#db/queries/training-runs.ts';
import type { JobProcessor } from '#db/queue.ts';
import type { Photo } from '#db/schema/photos.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { chooseIdentifier, nearestClassNouns } from '../dreambooth/base-checkpoint.ts';
import type { ProgressEvent, TrainSubjectRequest } from '../dreambooth/requests.ts';
import { AttemptOverError, type AttemptWatch, watchAttempt } from './attempt.ts';
import { type ClassImageFolder, fillingClassImages, openClassImages } from './class-images.ts';
import type { ProcessorContext } from './context.ts';
import { requireDataKey } from './data-keys.ts';
import { failureOf, JobFailure } from './failures.ts';
import { openRunFolder, type RunFolder, removeRunFolder } from './run-folder.ts';
import { StoredFiles } from './stored-files.ts';
import { runThroughCrashes } from './through-crashes.ts';
import { classPromptsOf, mergeTrainingSettings, samplePromptsOf } from './train-settings.ts';

/** One attempt at one run. */
interface Attempt {
  readonly number: number;
  readonly run: TrainingRun;
  readonly subject: Subject;
  readonly photos: readonly Photo[];
  readonly folder: RunFolder;
  readonly watch: AttemptWatch<TrainProgress>;
}

/** Makes the processor. */
export function createTrainSubjectProcessor(
  context: ProcessorContext,
): JobProcessor<'train-subject'> {
  const { db } = context.database;
  return async ({ rowId, signal: stop }) => {
    const startedAt = performance.now();
    const start = await startTrainingAttempt(db, rowId);
    if (!start.started) {
      await removeRunFolder(context.config.workDir, rowId);
      return null;
    }
    const number = start.attempt;
    const logger = context.logger.child({ jobId: rowId, attempt: number });
    logger.info({ interactionId: start.run.interactionId }, 'training started');
    const end = (outcome: string, fields: object = {}) => {
      const durationMs = Math.round(performance.now() - startedAt);
      logger.info({ outcome, durationMs, ...fields }, 'training ended');
    };
    const folder = await openRunFolder(context.config.workDir, rowId, number);
    let watch: AttemptWatch<TrainProgress> | undefined;
    try {
      watch = await watchAttempt<TrainProgress>({
        stop,
        check: () => checkTrainingAttempt(db, rowId, number),
        writeProgress: (progress) => updateTrainingProgress(db, rowId, number, progress),
        onError: (error) => logger.warn({ err: error }, 'training: the row cannot be reached'),
      });
      const row = await getTrainingRunWithSubject(db, rowId);
      if (!row) throw new AttemptOverError('stale');
      const result = await train({ ...context, logger }, { number, ...row, folder, watch });
      await folder.remove();
      end('succeeded');
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      if (error instanceof AttemptOverError && error.reason === 'stale') {
        end('stale');
        return null;
      }
      if (error instanceof AttemptOverError) {
        if (await cancelTraining(db, rowId, number)) await folder.remove();
        end('cancelled');
        return null;
      }
      const failure = failureOf(error, trainFailureCodes);
      if (!failure) throw error;
      // A stale attempt leaves the folder to the one that made it stale.
      if (await failTraining(db, rowId, number, failure)) await folder.remove();
      end('failed', { code: failure.code, err: error });
      return null;
    } finally {
      await watch?.end();
      await folder.removeAttempt();
    }
  };
}

async function train(context: ProcessorContext, attempt: Attempt): Promise<TrainResult> {
  const { base, config, store, database } = context;
  const { run, subject, folder, watch } = attempt;
  watch.report({ stage: 'preparing', step: 0, totalSteps: 0, secondsLeft: null, loss: null });
  requireKnownNoun(context, subject.classNoun);
  const identifier = await ensureIdentifier(context, attempt);
  const dataKey = await requireDataKey(database.db, run.userId);
  const photoFiles = await decryptPhotos(context, attempt, dataKey);
  const settings = mergeTrainingSettings(base.defaults, run.settings);
  const classImages = await openClassImages(context, subject.classNoun, base.defaults.sampling);
  const samplePrompts = samplePromptsOf(run.settings, { identifier, classNoun: subject.classNoun });
  const classPrompts = classPromptsOf(run.settings, subject.classNoun);

  const request: TrainSubjectRequest = {
    kind: 'train-subject',
    baseCheckpointDir: config.baseCheckpointDir,
    photoFiles,
    classNoun: subject.classNoun,
    identifier,
    workDir: folder.checkpoints,
    graphCacheDir: path.join(config.workDir, 'graphs'),
    classImagesDir: classImages.dir,
    artifactFile: path.join(folder.attempt, 'artifact.safetensors'),
    samplesDir: path.join(folder.attempt, 'samples'),
    samplePrompts: [...samplePrompts, ...classPrompts],
    settings,
    sampling: base.defaults.sampling,
    provider: config.executionProvider,
  };
  const trained = await runEngine(context, request, classImages, watch);
  const { steps, resumedFromStep, classImagesMade } = trained;
  context.logger.info({ steps, resumedFromStep, classImagesMade }, 'training: weights are ready');

  watch.report({ stage: 'saving', step: 0, totalSteps: 0, secondsLeft: null, loss: null });
  const stored = new StoredFiles(store, dataKey);
  try {
    const storageFileId = await stored.add(request.artifactFile);
    const { size: sizeBytes } = await stat(request.artifactFile);
    const before = classImages.files(Math.min(classPrompts.length, settings.numClassImages));
    const result = {
      steps,
      finalLoss: Number.isFinite(trained.finalLoss) ? trained.finalLoss : null,
      sampleFileIds: await stored.addAll(trained.sampleFiles.slice(0, samplePrompts.length)),
      classBeforeFileIds: settings.withPriorPreservation ? await stored.addAll(before) : [],
      classAfterFileIds: await stored.addAll(trained.sampleFiles.slice(samplePrompts.length)),
    };
    const artifactId = await succeedTraining(database.db, run.id, attempt.number, {
      artifact: {
        method: settings.method,
        baseCheckpointHash: base.hash,
        identifier,
        storageFileId,
        sizeBytes,
      },
      result,
    });
    if (artifactId === false) throw new AttemptOverError('stale');
    return { ...result, artifactId };
  } catch (error) {
    await stored.removeAll();
    throw error;
  }
}

/** @throws {JobFailure} `CLASS_NOUN_UNKNOWN` with the nearest five, where the base has a closed list */
function requireKnownNoun({ base }: ProcessorContext, noun: string): void {
  if (!base.classNouns || base.classNouns.includes(noun)) return;
  throw new JobFailure('CLASS_NOUN_UNKNOWN', {
    nearestClassNouns: nearestClassNouns(noun, base.classNouns, 5),
  });
}

/** The subject's identifier on this base; chosen once, so that a later attempt trains the same words. */
async function ensureIdentifier(
  { database: { db }, base, config }: ProcessorContext,
  { run, subject, number }: Attempt,
): Promise<string> {
  if (subject.identifier !== null && subject.baseCheckpointHash === base.hash) {
    return subject.identifier;
  }
  const where = { ownerId: subject.ownerId, baseCheckpointHash: base.hash };
  const others = await listTakenIdentifiers(db, { ...where, exceptSubjectId: subject.id });
  const taken = new Set(others);
  for (;;) {
    const identifier = pickFree(config.baseCheckpointDir, taken, run.settings.seed);
    const choice = { identifier, baseCheckpointHash: base.hash };
    const outcome = await assignIdentifier(db, run.id, number, choice);
    if (outcome === 'assigned') return identifier;
    if (outcome === 'stale') throw new AttemptOverError('stale');
    taken.add(identifier);
  }
}

function pickFree(dir: string, taken: ReadonlySet<string>, seed: number): string {
  try {
    return chooseIdentifier(dir, taken, seed);
  } catch (error) {
    if ((error as Error).name !== 'IdentifierError') throw error;
    throw new JobFailure('NO_IDENTIFIER_LEFT');
  }
}

async function decryptPhotos(
  { store }: ProcessorContext,
  { photos, folder, watch }: Attempt,
  dataKey: Uint8Array,
): Promise<string[]> {
  if (photos.length === 0) throw new JobFailure('FILE_MISSING');
  const files: string[] = [];
  for (const photo of photos) {
    watch.signal.throwIfAborted();
    const file = path.join(folder.attempt, `photo-${photo.position}.png`);
    await store.getToFile(photo.storageFileId, dataKey, file);
    files.push(file);
  }
  return files;
}

async function runEngine(
  context: ProcessorContext,
  request: TrainSubjectRequest,
  classImages: ClassImageFolder,
  watch: AttemptWatch<TrainProgress>,
) {
  const run = (filled: () => void) =>
    runThroughCrashes(context, request, {
      signal: watch.signal,
      onProgress: (event) => {
        if (event.stage === 'training' || event.stage === 'sampling') filled();
        watch.report(toProgress(event));
      },
    });
  if (!request.settings.withPriorPreservation) return run(() => undefined);
  const { numClassImages } = request.settings;
  return fillingClassImages(context, classImages, numClassImages, watch.signal, run);
}

function toProgress(event: ProgressEvent): TrainProgress {
  return {
    stage: event.stage === 'class images' ? 'class-images' : event.stage,
    step: Math.trunc(event.step),
    totalSteps: Math.trunc(event.totalSteps),
    secondsLeft: event.secondsLeft === undefined ? null : Math.max(0, event.secondsLeft),
    loss: event.stage === 'training' ? (event.loss ?? null) : null,
  };
}
