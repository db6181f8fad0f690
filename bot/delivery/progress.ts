/** @file The messages that show open trainings and renditions. */
import {
  getRenditionWithSubjects,
  listOpenRenditions,
  setRenditionProgressMessage,
} from '#db/queries/renditions.ts';
import {
  getTrainingRunWithSubject,
  listOpenTrainingRuns,
  setTrainingProgressMessage,
} from '#db/queries/training-runs.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { isTerminal } from '#db/schema/status.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import type { BotContext } from '../context.ts';
import { readPicture } from '../intake/pictures.ts';
import { readPreviews } from '../intake/training-card.ts';
import { readTrainingOrder } from '../intake/training-order.ts';
import { isServed } from '../intake/worker-presence.ts';
import { renditionProgress } from '../views/rendition-progress.ts';
import { trainingProgress } from '../views/training.ts';
import { inPublicLocale } from '../words/public-locale.ts';
import {
  createLiveMessages,
  type LiveOptions,
  type LiveRow,
  type LiveRows,
} from './live-message.ts';

/** What {@link createProgress} needs. */
export interface ProgressOptions extends LiveOptions, Pick<BotContext, 'db' | 'queue' | 'store'> {
  /** A rendition that is over sooner is shown by its pictures only. */
  readonly renditionAfterMs: number;
}

/** @returns the work to be repeated: one look at every open row */
export function createProgress(options: ProgressOptions): () => Promise<void> {
  const kinds = [trainings(options), renditions(options)].map((rows) =>
    createLiveMessages(options, rows),
  );
  return async () => {
    await Promise.all(kinds.map((show) => show()));
  };
}

function trainings(options: ProgressOptions): LiveRows {
  const { db } = options;
  /** Trainings in the order in which they are served, as of the last look. */
  let order: readonly string[] = [];
  let isThere = true;
  const toRow = ({ run, subject }: { run: TrainingRun; subject: Subject }): LiveRow => {
    const place = order.indexOf(run.id);
    const build = (strip: Buffer | null) =>
      trainingProgress(run, subject, {
        ahead: place < 0 ? null : place,
        isServed: isThere,
        strip,
      });
    return {
      id: run.id,
      channelId: run.channelId,
      messageId: run.progressMessageId,
      state: JSON.stringify([build(null).components, run.progress?.previews]),
      build: async () => {
        const strip = await readPreviews(options, run);
        return inPublicLocale(db, run, () => build(strip));
      },
    };
  };
  return {
    what: 'training',
    async list() {
      const open = await listOpenTrainingRuns(db);
      const isWaited = open.some(({ run }) => run.status === 'queued');
      const openIds = open.map(({ run }) => run.id);
      isThere = open.length === 0 || (await isServed(options, 'train-subject'));
      order = (isWaited && (await readTrainingOrder(options, openIds))) || [];
      return open.map(toRow);
    },
    async read(id) {
      const row = await getTrainingRunWithSubject(db, id);
      return row && !isTerminal(row.run.status) ? toRow(row) : undefined;
    },
    remember: (id, messageId) => setTrainingProgressMessage(db, id, messageId),
  };
}

function renditions(options: ProgressOptions): LiveRows {
  const { db, renditionAfterMs } = options;
  let isThere = true;
  const toRow = (rendition: Rendition): LiveRow => {
    const { id, channelId, progressMessageId, status, progress, cancelRequested } = rendition;
    return {
      id,
      channelId,
      messageId: progressMessageId,
      state: JSON.stringify([status, progress, cancelRequested, isThere]),
      build: () => buildRendition(options, rendition, isThere),
    };
  };
  return {
    what: 'rendition',
    async list() {
      const open = await listOpenRenditions(db, { olderThanMs: renditionAfterMs });
      isThere = open.length === 0 || (await isServed(options, 'render-prompt'));
      return open.map(toRow);
    },
    async read(id) {
      const row = await getRenditionWithSubjects(db, id);
      if (!row || isTerminal(row.rendition.status) || row.rendition.deletedAt) return undefined;
      return toRow(row.rendition);
    },
    remember: (id, messageId) => setRenditionProgressMessage(db, id, messageId),
  };
}

async function buildRendition(options: ProgressOptions, rendition: Rendition, isServed: boolean) {
  const row = await getRenditionWithSubjects(options.db, rendition.id);
  const [previewFileId] = rendition.progress?.previewFileIds ?? [];
  const subjects = (row?.subjects ?? []).map(({ subject }) => subject);
  const preview = await readPicture(options, rendition.userId, previewFileId, {
    isPreview: true,
  });
  return inPublicLocale(options.db, rendition, () =>
    renditionProgress(rendition, { subjects, isServed, preview }),
  );
}
