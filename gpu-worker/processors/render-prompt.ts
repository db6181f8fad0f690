/** @file Processor of `render-prompt`: row and weights in, encrypted pictures out, one outcome. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import {
  type RenderProgress,
  type RenderResult,
  type RenderSettings,
  renderFailureCodes,
} from '#db/jobs/render-prompt.ts';
import {
  cancelRendition,
  checkRenditionAttempt,
  failRendition,
  getRenditionWithSubject,
  startRenditionAttempt,
  succeedRendition,
  updateRenditionProgress,
} from '#db/queries/renditions.ts';
import type { JobProcessor } from '#db/queue.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import {
  type ProgressEvent,
  type RenderPromptRequest,
  type SamplingSettings,
  samplingSettingsSchema,
} from '../dreambooth/requests.ts';
import { AttemptOverError, type AttemptWatch, watchAttempt } from './attempt.ts';
import type { ProcessorContext } from './context.ts';
import { ensureDataKey, requireDataKey } from './data-keys.ts';
import { failureOf, JobFailure } from './failures.ts';
import { openRunFolder, type RunFolder, removeRunFolder } from './run-folder.ts';
import { StoredFiles } from './stored-files.ts';
import { runThroughCrashes } from './through-crashes.ts';

/** One attempt at one rendition. */
interface Attempt {
  readonly number: number;
  readonly rendition: Rendition;
  readonly subject: Subject | null;
  readonly artifact: Artifact | null;
  readonly folder: RunFolder;
  readonly watch: AttemptWatch<RenderProgress>;
}

/** Makes the processor. */
export function createRenderPromptProcessor(
  context: ProcessorContext,
): JobProcessor<'render-prompt'> {
  const { db } = context.database;
  return async ({ rowId, signal: stop }) => {
    const startedAt = performance.now();
    const start = await startRenditionAttempt(db, rowId);
    if (!start.started) {
      await removeRunFolder(context.config.workDir, rowId);
      return null;
    }
    const number = start.attempt;
    const logger = context.logger.child({ jobId: rowId, attempt: number });
    const { interactionId, resolvedPrompt } = start.rendition;
    logger.info({ interactionId }, 'rendering started');
    logger.debug({ prompt: resolvedPrompt }, 'rendering started');
    const end = (outcome: string, fields: object = {}) => {
      const durationMs = Math.round(performance.now() - startedAt);
      logger.info({ outcome, durationMs, ...fields }, 'rendering ended');
    };
    const folder = await openRunFolder(context.config.workDir, rowId, number);
    let watch: AttemptWatch<RenderProgress> | undefined;
    try {
      watch = await watchAttempt<RenderProgress>({
        stop,
        check: () => checkRenditionAttempt(db, rowId, number),
        writeProgress: (progress) => updateRenditionProgress(db, rowId, number, progress),
        onError: (error) => logger.warn({ err: error }, 'rendering: the row cannot be reached'),
      });
      const row = await getRenditionWithSubject(db, rowId);
      if (!row) throw new AttemptOverError('stale');
      const result = await render({ ...context, logger }, { number, ...row, folder, watch });
      await folder.remove();
      end('succeeded');
      return result;
    } catch (error) {
      if (stop.aborted) throw error;
      if (error instanceof AttemptOverError) {
        if (error.reason === 'cancel' && (await cancelRendition(db, rowId, number))) {
          await folder.remove();
        }
        end(error.reason === 'cancel' ? 'cancelled' : 'stale');
        return null;
      }
      const failure = failureOf(error, renderFailureCodes);
      if (!failure) throw error;
      // A stale attempt leaves the folder to the one that made it stale.
      if (await failRendition(db, rowId, number, failure)) await folder.remove();
      end('failed', { code: failure.code, err: error });
      return null;
    } finally {
      await watch?.end();
      await folder.removeAttempt();
    }
  };
}

async function render(context: ProcessorContext, attempt: Attempt): Promise<RenderResult> {
  const { base, config, store, masterKey, database } = context;
  const { rendition, folder, watch } = attempt;
  watch.report({ stage: 'preparing', step: 0, totalSteps: 0, secondsLeft: null });
  const artifactFile = await decryptArtifact(context, attempt);
  const { negativePrompt, width, height } = rendition.settings;

  const request: RenderPromptRequest = {
    kind: 'render-prompt',
    baseCheckpointDir: config.baseCheckpointDir,
    ...(artifactFile !== undefined && { artifactFile }),
    prompt: rendition.resolvedPrompt,
    negativePrompt,
    width,
    height,
    seed: rendition.seed,
    count: rendition.count,
    outputDir: path.join(folder.attempt, 'pictures'),
    sampling: mergeSamplingSettings(base.defaults.sampling, rendition.settings),
    provider: config.executionProvider,
  };
  const { pictureFiles } = await runThroughCrashes(context, request, {
    signal: watch.signal,
    onProgress: (event) => watch.report(toProgress(event)),
  });
  const [first] = pictureFiles;
  if (first === undefined)
    throw new Error(`render: expected ${rendition.count} pictures, got none`);

  watch.report({ stage: 'saving', step: 0, totalSteps: 0, secondsLeft: null });
  // The pictures are the asker's, who need not be the subject's owner.
  const dataKey = await ensureDataKey(database.db, masterKey, rendition.userId);
  const stored = new StoredFiles(store, dataKey);
  try {
    const result: RenderResult = {
      fileIds: await stored.addAll(pictureFiles),
      seeds: pictureFiles.map((_, index) => rendition.seed + index),
      ...(await readPngSize(first)),
    };
    if (!(await succeedRendition(database.db, rendition.id, attempt.number, result))) {
      throw new AttemptOverError('stale');
    }
    return result;
  } catch (error) {
    await stored.removeAll();
    throw error;
  }
}

/** @returns the subject's decrypted weights, or undefined where the base alone is asked for */
async function decryptArtifact(
  { base, store, database }: ProcessorContext,
  { rendition, subject, artifact, folder }: Attempt,
): Promise<string | undefined> {
  if (subject?.deletedAt) throw new JobFailure('SUBJECT_DELETED');
  if (!subject) {
    if (rendition.artifactId !== null) throw new JobFailure('SUBJECT_DELETED');
    return undefined;
  }
  if (!artifact) throw new JobFailure('SUBJECT_NOT_TRAINED');
  if (artifact.baseCheckpointHash !== base.hash) throw new JobFailure('BASE_CHANGED');
  const dataKey = await requireDataKey(database.db, subject.ownerId);
  const file = path.join(folder.attempt, 'artifact.safetensors');
  await store.getToFile(artifact.storageFileId, dataKey, file);
  return file;
}

function mergeSamplingSettings(defaults: SamplingSettings, row: RenderSettings): SamplingSettings {
  const sampler = samplingSettingsSchema.shape.sampler.safeParse(row.sampler);
  return {
    // A sampler that this release does not have is no reason to refuse a picture.
    sampler: sampler.success ? sampler.data : defaults.sampler,
    numInferenceSteps: row.numInferenceSteps ?? defaults.numInferenceSteps,
    guidanceScale: row.guidanceScale ?? defaults.guidanceScale,
  };
}

function toProgress(event: ProgressEvent): RenderProgress {
  return {
    stage: event.stage === 'preparing' ? 'preparing' : 'rendering',
    step: Math.trunc(event.step),
    totalSteps: Math.trunc(event.totalSteps),
    secondsLeft: event.secondsLeft === undefined ? null : Math.max(0, event.secondsLeft),
  };
}

/** Reads the first chunk of a PNG that the engine wrote. */
async function readPngSize(file: string): Promise<{ width: number; height: number }> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(24);
    await handle.read(head, 0, head.length, 0);
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  } finally {
    await handle.close();
  }
}
