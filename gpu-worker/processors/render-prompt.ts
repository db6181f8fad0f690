/** @file Processor of `render-prompt`: row and weights in, encrypted pictures out, one outcome. */
import {
  type RenderProgress,
  type RenderResult,
  renderFailureCodes,
} from '#db/jobs/render-prompt.ts';
import {
  cancelRendition,
  checkRenditionAttempt,
  failRendition,
  startRenditionAttempt,
  succeedRendition,
  updateRenditionProgress,
} from '#db/queries/rendition-attempts.ts';
import { getRenditionWithSubjects } from '#db/queries/renditions.ts';
import type { JobProcessor } from '#db/queue.ts';
import { AttemptOverError, type AttemptWatch, watchAttempt } from './attempt.ts';
import type { ProcessorContext } from './context.ts';
import { ensureDataKey } from './data-keys.ts';
import { drawPictures, type RenditionAttempt } from './draw-pictures.ts';
import { failureOf } from './failures.ts';
import { PreviewFiles } from './preview-files.ts';
import { openRunFolder, removeRunFolder } from './run-folder.ts';
import { StoredFiles } from './stored-files.ts';

/** One attempt at one rendition. */
interface Attempt extends RenditionAttempt {
  readonly number: number;
  /** The asker's, wrapped. */
  readonly dataKey: Uint8Array;
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
    // What an attempt left that was killed.
    const old = start.rendition.progress?.previewFileIds ?? [];
    for (const fileId of old) await context.store.delete(fileId);
    // Everything that is drawn is the asker's, who need not be the subject's owner.
    const dataKey = await ensureDataKey(db, context.masterKey, start.rendition.userId);
    const previews = new PreviewFiles(context.store, dataKey, (error) =>
      logger.warn({ err: error }, 'rendering: preview not stored'),
    );
    let watch: AttemptWatch<RenderProgress> | undefined;
    try {
      watch = await watchAttempt<RenderProgress>({
        stop,
        check: () => checkRenditionAttempt(db, rowId, number),
        writeProgress: (progress) => updateRenditionProgress(db, rowId, number, progress),
        onError: (error) => logger.warn({ err: error }, 'rendering: the row cannot be reached'),
      });
      const row = await getRenditionWithSubjects(db, rowId);
      if (!row) throw new AttemptOverError('stale');
      const result = await render(
        { ...context, logger },
        {
          ...row,
          number,
          dataKey,
          folder,
          watch,
          previews,
        },
      );
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
      await previews.removeAll();
      await folder.removeAttempt();
    }
  };
}

async function render(context: ProcessorContext, attempt: Attempt): Promise<RenderResult> {
  const { store, database } = context;
  const { rendition, dataKey, watch } = attempt;
  watch.report({ stage: 'preparing', step: 0, totalSteps: 0, secondsLeft: null });
  const { pictureFiles, renderedWith } = await drawPictures(context, attempt);

  watch.report({ stage: 'saving', step: 0, totalSteps: 0, secondsLeft: null });
  const stored = new StoredFiles(store, dataKey);
  try {
    const result: RenderResult = {
      fileIds: await stored.addAll(pictureFiles),
      seeds: pictureFiles.map((_, index) => rendition.seed + index),
      renderedWith,
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
