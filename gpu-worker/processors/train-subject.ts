/** @file Processor of `train-subject`: row and photos in, the best of several weights and samples out, one outcome. */
import path from 'node:path';
import {
  type TrainProgress,
  type TrainResult,
  type TrainTimes,
  trainFailureCodes,
} from '#db/jobs/train-subject.ts';
import {
  cancelTraining,
  checkTrainingAttempt,
  failTraining,
  startTrainingAttempt,
  succeedTraining,
  updateTrainingProgress,
} from '#db/queries/training-attempts.ts';
import { getTrainingRunWithSubject } from '#db/queries/training-runs.ts';
import { listTrainingTimes } from '#db/queries/training-times.ts';
import type { JobProcessor } from '#db/queue.ts';
import type { Photo } from '#db/schema/photos.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { nearestClassNouns } from '../dreambooth/base-checkpoint.ts';
import type { TrainingSettings, TrainSubjectRequest } from '../dreambooth/requests.ts';
import { CLASS_PICTURES } from '../evaluation/requests.ts';
import { AttemptOverError, type AttemptWatch, watchAttempt } from './attempt.ts';
import { type ClassImageFolder, fillingClassImages, openClassImages } from './class-images.ts';
import type { ProcessorContext } from './context.ts';
import { requireDataKey } from './data-keys.ts';
import { evaluateTraining } from './evaluation.ts';
import { failureOf, JobFailure } from './failures.ts';
import { ensureIdentifier } from './identifier.ts';
import { decryptParent } from './parent-weights.ts';
import { Previews } from './previews.ts';
import { openRunFolder, type RunFolder, removeRunFolder } from './run-folder.ts';
import { StoredFiles } from './stored-files.ts';
import { runThroughCrashes } from './through-crashes.ts';
import { mergeTrainingSettings, samplePromptsOf } from './train-settings.ts';
import { createTrainingReport, type TrainingReport } from './training-report.ts';
import { CANDIDATES, storeTraining } from './training-result.ts';

/** One attempt at one run. */
interface Attempt {
  readonly number: number;
  readonly run: TrainingRun;
  readonly subject: Subject;
  readonly photos: readonly Photo[];
  readonly folder: RunFolder;
  readonly watch: AttemptWatch<TrainProgress>;
  /** The owner's, wrapped. */
  readonly dataKey: Uint8Array;
  readonly previews: Previews;
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
    let previews: Previews | undefined;
    const removeAll = async () => {
      await previews?.removeAll();
      await folder.remove();
    };
    try {
      watch = await watchAttempt<TrainProgress>({
        stop,
        check: () => checkTrainingAttempt(db, rowId, number),
        writeProgress: (progress) => updateTrainingProgress(db, rowId, number, progress),
        onError: (error) => logger.warn({ err: error }, 'training: the row cannot be reached'),
      });
      const row = await getTrainingRunWithSubject(db, rowId);
      if (!row) throw new AttemptOverError('stale');
      const dataKey = await requireDataKey(db, row.run.userId);
      previews = new Previews({ ...context, logger }, dataKey, row.run.progress?.previews);
      const attempt = { number, ...row, folder, watch, dataKey, previews };
      const result = await train({ ...context, logger }, attempt);
      await removeAll();
      end('succeeded');
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      if (error instanceof AttemptOverError && error.reason === 'stale') {
        end('stale');
        return null;
      }
      if (error instanceof AttemptOverError) {
        if (await cancelTraining(db, rowId, number)) await removeAll();
        end('cancelled');
        return null;
      }
      const failure = failureOf(error, trainFailureCodes);
      if (!failure) throw error;
      // A stale attempt leaves the folder to the one that made it stale.
      if (await failTraining(db, rowId, number, failure)) await removeAll();
      end('failed', { code: failure.code, err: error });
      return null;
    } finally {
      await watch?.end();
      await previews?.end();
      await folder.removeAttempt();
    }
  };
}

async function train(context: ProcessorContext, attempt: Attempt): Promise<TrainResult> {
  const { base, config, store, database } = context;
  const { run, subject, folder, watch, dataKey, previews } = attempt;
  const parent = await decryptParent(context, attempt);
  const settings = mergeTrainingSettings(base.defaults, {
    ...run.settings,
    ...(parent && { method: parent.method }),
  });
  const report = createTrainingReport({
    maxTrainSteps: settings.maxTrainSteps,
    expected: await expectTimes(context, settings),
    previews: () => [...previews.all],
    write: watch.report,
    now: () => performance.now(),
  });
  report.stage('preparing');
  requireKnownNoun(context, subject.classNoun);
  const identifier = parent?.identifier ?? (await ensureIdentifier(context, attempt));
  const classImages = await openClassImages(context, subject.classNoun, base.defaults.sampling);

  const request: TrainSubjectRequest = {
    kind: 'train-subject',
    baseCheckpointDir: config.baseCheckpointDir,
    photoFiles: await decryptPhotos(context, attempt),
    classNoun: subject.classNoun,
    identifier,
    ...(parent && { initialArtifactFile: parent.file }),
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
  const trained = await runEngine(context, request, classImages, attempt, report);
  const { steps, resumedFromStep, classImagesMade } = trained;
  context.logger.info({ steps, resumedFromStep, classImagesMade }, 'training: weights are ready');
  await previews.end();
  report.trained();
  const { signal } = watch;
  const evaluated = await evaluateTraining(
    context,
    { request, trained, classImages },
    { signal, report },
  );

  const isWhole = attempt.number === 1 && steps === settings.maxTrainSteps;
  const times: TrainTimes = {
    ...report.times(),
    steps,
    baseCheckpointHash: base.hash,
    method: settings.method,
  };
  report.stage('saving');
  const stored = new StoredFiles(store, dataKey);
  try {
    const success = await storeTraining(stored, {
      request,
      baseHash: base.hash,
      stepsBefore: parent?.step ?? 0,
      trained,
      evaluated,
      times: isWhole && resumedFromStep === 0 ? times : null,
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

/** What the latest training of this method took on this base. */
async function expectTimes(
  { database: { db }, base }: ProcessorContext,
  { method }: TrainingSettings,
): Promise<TrainTimes | undefined> {
  const latest = await listTrainingTimes(db);
  return latest.find((times) => times.baseCheckpointHash === base.hash && times.method === method);
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
  { photos, folder, watch, dataKey }: Attempt,
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
  { watch: { signal, finish }, previews }: Attempt,
  report: TrainingReport,
) {
  const run = (filled: () => void) =>
    runThroughCrashes(context, request, {
      signal,
      finish,
      onProgress: (event) => {
        if (event.stage === 'training') filled();
        report.progress(event);
        const { step, candidateFile: file } = event;
        // Whole weights would need sessions, and so memory, of their own.
        if (file !== undefined && request.settings.method === 'lora')
          previews.draw(request, { step, file });
      },
    });
  if (!request.settings.withPriorPreservation) return run(() => undefined);
  const { numClassImages } = request.settings;
  return fillingClassImages(context, classImages, numClassImages, signal, run);
}
