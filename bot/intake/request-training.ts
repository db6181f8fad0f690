/** @file The road of a `/train`: checks, photos, a draft that waits for Start. Knows no Discord. */
import { randomInt } from 'node:crypto';
import {
  createTrainingDraft,
  findDraftByInteraction,
  isNameTaken,
} from '#db/queries/training-drafts.ts';
import { findTrainingByInteraction } from '#db/queries/training-runs.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingDraft } from '#db/schema/training-drafts.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { checkClassNoun } from '../class-nouns.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';
import { trainFieldLength } from '../views/train-form.ts';
import { countOpenTrainings } from './open-trainings.ts';
import {
  checkPhotoCount,
  discardPhotos,
  type PhotoLink,
  receivePhotos,
  storePhotos,
} from './photos.ts';
import { readSubjectName } from './subject-name.ts';

/** What the user sent, by form or by options. */
export interface TrainingRequest {
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
  readonly classNoun: string | null;
  readonly name: string | null;
  readonly photos: readonly PhotoLink[];
}

/** `taken`: the same interaction was delivered before, and its training has been started since. */
export type RequestedTraining =
  | { readonly kind: 'question'; readonly draft: TrainingDraft }
  | { readonly kind: 'taken'; readonly run: TrainingRun; readonly subject: Subject };

/**
 * Takes a training in: its photos are there, and it waits for Start.
 *
 * @throws {UserError} when something about it is refused; no row and no file is left then
 */
export async function requestTraining(
  bot: BotContext,
  request: TrainingRequest,
): Promise<RequestedTraining> {
  const { userId, guildId, channelId, interactionId } = request;
  const started = await findTrainingByInteraction(bot.db, interactionId);
  if (started) return { kind: 'taken', ...started };
  const waiting = await findDraftByInteraction(bot.db, interactionId);
  if (waiting) return { kind: 'question', draft: waiting };
  checkPhotoCount(request.photos.length);
  const classNoun = readClassNoun(bot, request.classNoun);
  const name = readSubjectName(request.name ?? classNoun.slice(0, trainFieldLength.name));
  await countOpenTrainings(bot, userId);
  if (await isNameTaken(bot.db, userId, name)) {
    throw new UserError('NAME_TAKEN', refusals.nameTaken(name));
  }
  const photos = await storePhotos(bot, userId, await receivePhotos(bot, request.photos));
  const draft = {
    ...{ userId, guildId, channelId, interactionId, name, classNoun },
    settings: { seed: randomInt(2 ** 31), ...bot.trainSettings },
    photos: [...photos],
  };
  const created = await createTrainingDraft(bot.db, draft).catch(async (error) => {
    // A connection may break after the commit: only photos that surely belong to no row are deleted.
    const made = await findDraftByInteraction(bot.db, interactionId);
    if (!made) await discardPhotos(bot, photos);
    if (!made) throw error;
    return { draft: made, isNew: true };
  });
  if (!created.isNew) await discardPhotos(bot, photos);
  const { id: draftId } = created.draft;
  bot.logger.info({ draftId, interactionId, photos: photos.length }, 'training asked for');
  return { kind: 'question', draft: created.draft };
}

function readClassNoun(bot: BotContext, typed: string | null): string {
  if (typed === null || oneLine(typed) === '') {
    throw new UserError('CLASS_NOUN_MISSING', refusals.classNounMissing());
  }
  const checked = checkClassNoun(oneLine(typed), bot.classNouns);
  switch (checked.kind) {
    case 'known':
      return checked.classNoun;
    case 'malformed':
      throw new UserError('CLASS_NOUN_MALFORMED', refusals.classNounMalformed());
    case 'unknown':
      throw new UserError(
        'CLASS_NOUN_UNKNOWN',
        refusals.classNounUnknown(oneLine(typed), checked.nearest),
      );
  }
}
