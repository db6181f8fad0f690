/** @file Processor of `train-subject`: row and photos in, the best of several weights and samples out, one outcome. */
import path from 'node:path';
import {
  type TrainProgress,
  type TrainResult,
  type TrainStage,
  trainFailureCodes,
} from '#db/jobs/train-subject.ts';
import {
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
import { nearestClassNouns } from '../dreambooth/base-checkpoint.ts';
import type {
  ProgressEvent,
  TrainSubjectRequest,
  TrainSubjectResult,
} from '../dreambooth/requests.ts';
import { CLASS_PICTURES, type EvaluateCandidatesResult } from '../evaluation/requests.ts';
import { AttemptOverError, type AttemptWatch, watchAttempt } from './attempt.ts';
import { type ClassImageFolder, fillingClassImages, openClassImages } from './class-images.ts';
import type { ProcessorContext } from './context.ts';
import { requireDataKey } from './data-keys.ts';
import { failureOf, JobFailure } from './failures.ts';
import { ensureIdentifier } from './identifier.ts';
import { openRunFolder, type RunFolder, removeRunFolder } from './run-folder.ts';
import { StoredFiles } from './stored-files.ts';
import { runThroughCrashes } from './through-crashes.ts';
import { mergeTrainingSettings, samplePromptsOf } from './train-settings.ts';
import { CANDIDATES, storeTraining } from './training-result.ts';

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
    candidates: CANDIDATES[settings.method],
    samplePrompts: samplePromptsOf(run.settings, { identifier, classNoun: subject.classNoun }),
    settings,
    sampling: base.defaults.sampling,
    provider: config.executionProvider,
  };
  const trained = await runEngine(context, request, classImages, watch);
  const { steps, resumedFromStep, classImagesMade } = trained;
  context.logger.info({ steps, resumedFromStep, classImagesMade }, 'training: weights are ready');
  const evaluated = await evaluate(context, attempt, { request, trained, classImages });

  watch.report({ stage: 'saving', step: 0, totalSteps: 0, secondsLeft: null, loss: null });
  const stored = new StoredFiles(store, dataKey);
  try {
    const success = await storeTraining(stored, {
      request,
      baseHash: base.hash,
      trained,
      evaluated,
      classSamples: run.settings.numClassSamples ?? CLASS_PICTURES,
    });
    const artifactId = await succeedTraining(database.db, run.id, attempt.number, success);
    if (artifactId === false) throw new AttemptOverError('stale');
    return { ...success.result, artifactId };
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
        if (event.stage === 'training') filled();
        watch.report(toProgress(event));
      },
    });
  if (!request.settings.withPriorPreservation) return run(() => undefined);
  const { numClassImages } = request.settings;
  return fillingClassImages(context, classImages, numClassImages, watch.signal, run);
}

/** Draws with the candidates and lets a judge choose; without one the last is the best, and the log says why. */
async function evaluate(
  context: ProcessorContext,
  { folder, watch }: Attempt,
  finished: {
    request: TrainSubjectRequest;
    trained: TrainSubjectResult;
    classImages: ClassImageFolder;
  },
): Promise<EvaluateCandidatesResult> {
  const { config, logger } = context;
  const { settings, ...request } = finished.request;
  const { withPriorPreservation, numClassImages, seed } = settings;
  const evaluated = await runThroughCrashes(
    context,
    {
      kind: 'evaluate-candidates',
      baseCheckpointDir: request.baseCheckpointDir,
      photoFiles: request.photoFiles,
      classNoun: request.classNoun,
      identifier: request.identifier,
      candidates: [...finished.trained.candidates],
      classImageFiles: withPriorPreservation
        ? finished.classImages.files(Math.min(CLASS_PICTURES, numClassImages))
        : [],
      samplePrompts: request.samplePrompts,
      outputDir: path.join(folder.attempt, 'pictures'),
      judges: config.judges,
      seed,
      sampling: request.sampling,
      provider: request.provider,
    },
    { signal: watch.signal, onProgress: (event) => watch.report(toProgress(event)) },
  );
  const { judged, notJudged, best } = evaluated;
  const { step } = finished.trained.candidates[best]!;
  if (notJudged === undefined)
    logger.info(
      { step, judge: judged?.judge, scores: evaluated.candidates[best]?.scores },
      'training: scored',
    );
  else logger.warn({ step, reason: notJudged }, 'training: not scored');
  return evaluated;
}

const stages = {
  preparing: 'preparing',
  'class images': 'class-images',
  training: 'training',
  evaluating: 'evaluating',
  sampling: 'evaluating',
} as const satisfies Record<ProgressEvent['stage'], TrainStage>;

function toProgress(event: ProgressEvent): TrainProgress {
  return {
    stage: stages[event.stage],
    step: Math.trunc(event.step),
    totalSteps: Math.trunc(event.totalSteps),
    secondsLeft: event.secondsLeft === undefined ? null : Math.max(0, event.secondsLeft),
    loss: event.stage === 'training' ? (event.loss ?? null) : null,
  };
}
