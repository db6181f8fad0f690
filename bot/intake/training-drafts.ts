/** @file A `/train` that waits for Start: what is shown of it, other photos, the start, the end. Knows no Discord. */
import sharp from 'sharp';
import { trainSubject } from '#db/jobs/train-subject.ts';
import {
  changeDraftPhotos,
  type DraftPhoto,
  discardTrainingDraft,
  findTrainingDraft,
  listOldTrainingDrafts,
  type OwnDraft,
  startDraft,
} from '#db/queries/training-drafts.ts';
import { listOpenTrainingRuns } from '#db/queries/training-runs.ts';
import { listTrainingTimes } from '#db/queries/training-times.ts';
import { priorityFor } from '#db/queue.ts';
import type { TrainingDraft } from '#db/schema/training-drafts.ts';
import type { BotContext } from '../context.ts';
import { findPhotoProblems, listReplaceable } from '../photo-findings.ts';
import { estimateTraining } from '../training-time.ts';
import { UserError } from '../user-error.ts';
import { photoCount, refusals } from '../views/refusals.ts';
import type { ShownDraft } from '../views/training-question.ts';
import { countOpenTrainings } from './open-trainings.ts';
import { discardPhotos, type PhotoLink, receivePhotos, storePhotos } from './photos.ts';
import { readPicture } from './pictures.ts';
import type { TakenTraining } from './train-again.ts';
import { readTrainingOrder } from './training-order.ts';

/** Side of a small copy, in pixels. */
const THUMBNAIL_SIDE = 192;

/** @returns the draft with what is to be said about it */
export async function describeDraft(bot: BotContext, draft: TrainingDraft): Promise<ShownDraft> {
  const { id, name, classNoun, photos } = draft;
  const findings = findPhotoProblems(photos.map(({ figures }) => figures));
  const named = findings.flatMap((finding) =>
    'photos' in finding ? finding.photos : 'photo' in finding ? [finding.photo] : [],
  );
  const thumbnails = new Map<number, Buffer>();
  for (const index of [...new Set(named)].sort((a, b) => a - b)) {
    const bytes = await readPicture(bot, draft.userId, photos[index]?.storageFileId);
    if (bytes) thumbnails.set(index, await drawThumbnail(bytes));
  }
  return {
    ...{ id, name, classNoun, findings, thumbnails },
    photoCount: photos.length,
    time: estimateTraining(await listTrainingTimes(bot.db)),
    ahead: await countTrainingsAhead(bot),
  };
}

/** @param bytes a clean photo */
const drawThumbnail = (bytes: Buffer): Promise<Buffer> =>
  sharp(bytes)
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside', withoutEnlargement: true })
    .png()
    .toBuffer();

async function countTrainingsAhead(bot: BotContext): Promise<number | null> {
  const open = await listOpenTrainingRuns(bot.db);
  const order = await readTrainingOrder(
    bot,
    open.map(({ run }) => run.id),
  );
  return order?.length ?? null;
}

/** @throws {UserError} where it waits no more, or is somebody else's */
export async function requireDraft(
  { db }: Pick<BotContext, 'db'>,
  where: OwnDraft,
): Promise<TrainingDraft> {
  const draft = await findTrainingDraft(db, where);
  if (!draft) throw new UserError('TRAINING_DRAFT_GONE', refusals.trainingDraftGone());
  return draft;
}

/** @returns indices of the photos that new ones take the place of; none: all of them */
export const replaceableOf = ({ photos }: TrainingDraft): number[] =>
  listReplaceable(findPhotoProblems(photos.map(({ figures }) => figures)));

/**
 * Puts photos in the place of those that were found wanting.
 *
 * @throws {UserError} where one is refused, they become too many, or too few of them differ
 */
export async function replacePhotos(
  bot: BotContext,
  where: OwnDraft,
  links: readonly PhotoLink[],
): Promise<TrainingDraft> {
  const draft = await requireDraft(bot, where);
  const kept = keptPhotos(draft);
  if (kept.length + links.length > photoCount.max) {
    const given = kept.length + links.length;
    throw new UserError('TOO_MANY_PHOTOS', refusals.tooManyWithKept(given, kept.length));
  }
  const received = await receivePhotos(bot, links, {
    least: Math.max(1, photoCount.min - kept.length),
  });
  const known = new Set(kept.map(({ sha256 }) => sha256));
  const fresh = received.filter(({ sha256 }) => !known.has(sha256));
  if (kept.length + fresh.length < photoCount.min) {
    throw new UserError('SAME_PHOTOS', refusals.samePhotos(kept.length + fresh.length));
  }
  const stored = await storePhotos(bot, where.userId, fresh);
  const changed = await changeDraftPhotos(bot.db, where, () => [...kept, ...stored]);
  if (!changed) {
    await discardPhotos(bot, stored);
    throw new UserError('TRAINING_DRAFT_GONE', refusals.trainingDraftGone());
  }
  const inUse = new Set(changed.draft.photos.map(({ storageFileId }) => storageFileId));
  await discardPhotos(
    bot,
    changed.before.filter(({ storageFileId }) => !inUse.has(storageFileId)),
  );
  return changed.draft;
}

function keptPhotos(draft: TrainingDraft): DraftPhoto[] {
  const replaced = replaceableOf(draft);
  return replaced.length === 0 ? [] : draft.photos.filter((_, index) => !replaced.includes(index));
}

/**
 * Starts the training.
 *
 * @throws {UserError} where it waits no more, the name is taken by now, or the user has too many under way
 */
export async function startTrainingDraft(bot: BotContext, where: OwnDraft): Promise<TakenTraining> {
  const draft = await requireDraft(bot, where);
  const open = await countOpenTrainings(bot, where.userId);
  const created = await startDraft(bot.db, where);
  if (!created) throw new UserError('TRAINING_DRAFT_GONE', refusals.trainingDraftGone());
  if (created.outcome === 'name-taken') {
    throw new UserError('NAME_TAKEN', refusals.nameTaken(draft.name));
  }
  const { run, outcome } = created;
  const { interactionId, photos } = draft;
  bot.logger.info(
    { runId: run.id, interactionId, outcome, photos: photos.length },
    'training taken',
  );
  // A queue that is out of order loses nothing: the sweep enqueues the row later.
  await bot.queue.enqueue(trainSubject, run.id, { priority: priorityFor(open + 1) });
  bot.showProgress();
  return created;
}

/** Gives a draft up, with its photos; one that waits no more is left alone. */
export async function discardDraft(
  bot: Pick<BotContext, 'db' | 'store'>,
  where: OwnDraft,
): Promise<void> {
  await discardTrainingDraft(bot.db, where, async ({ photos }) => {
    for (const { storageFileId } of photos) await bot.store.delete(storageFileId);
  });
}

/** Gives up drafts that nobody started. */
export async function discardOldDrafts(bot: Pick<BotContext, 'db' | 'store'>): Promise<void> {
  for (const { id, userId } of await listOldTrainingDrafts(bot.db)) {
    await discardDraft(bot, { draftId: id, userId });
  }
}
