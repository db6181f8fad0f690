/** @file The road of a `/train`: checks, photos, rows in one transaction, then the job. Knows no Discord. */
import { randomInt } from 'node:crypto';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { countOpenJobs } from '#db/queries/open-jobs.ts';
import { normalizeSubjectName } from '#db/queries/subject-name.ts';
import { createTraining, findTrainingByInteraction } from '#db/queries/training-runs.ts';
import { priorityFor } from '#db/queue.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { checkClassNoun } from '../class-nouns.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';
import { trainFieldLength } from '../views/train-form.ts';
import {
  checkPhotoCount,
  discardPhotos,
  type PhotoLink,
  receivePhotos,
  storePhotos,
} from './photos.ts';

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

/** How many trainings a user may have open. */
const MAX_OPEN_TRAININGS = 5;

/**
 * Takes a training in.
 *
 * @throws {UserError} when something about it is refused; no row and no file is left then
 */
export async function requestTraining(
  bot: BotContext,
  request: TrainingRequest,
): Promise<{ subject: Subject; photoCount: number }> {
  const earlier = await findTrainingByInteraction(bot.db, request.interactionId);
  if (earlier) return { subject: earlier.subject, photoCount: request.photos.length };
  checkPhotoCount(request.photos.length);
  const classNoun = readClassNoun(bot, request.classNoun);
  const name = readName(request.name ?? classNoun.slice(0, trainFieldLength.name));
  const open = await countOpenJobs(bot.db, request.userId);
  if (open.trainings >= MAX_OPEN_TRAININGS) {
    throw new UserError('TOO_MANY_TRAININGS', refusals.tooManyTrainings(open.trainings));
  }

  const photos = await storePhotos(bot, request.userId, await receivePhotos(bot, request.photos));
  const training = {
    userId: request.userId,
    guildId: request.guildId,
    channelId: request.channelId,
    interactionId: request.interactionId,
    name,
    classNoun,
    settings: { seed: randomInt(2 ** 31), ...bot.trainSettings },
    photos,
  };
  const created = await createTraining(bot.db, training).catch(async (error) => {
    // A connection may break after the commit: only photos that surely belong to no row are deleted.
    const made = await findTrainingByInteraction(bot.db, request.interactionId);
    if (!made) await discardPhotos(bot, photos);
    if (!made) throw error;
    return { outcome: 'created' as const, ...made };
  });
  if (created.outcome !== 'created') await discardPhotos(bot, photos);
  if (created.outcome === 'name-taken') {
    throw new UserError('NAME_TAKEN', refusals.nameTaken(name));
  }
  const { run, subject } = created;
  bot.logger.info(
    {
      runId: run.id,
      interactionId: request.interactionId,
      outcome: created.outcome,
      photos: photos.length,
    },
    'training taken',
  );
  // A queue that is out of order loses nothing: the sweep enqueues the row later.
  await bot.queue.enqueue(trainSubject, run.id, { priority: priorityFor(open.total + 1) });
  return { subject, photoCount: photos.length };
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

/** A name must be writable as `[name]`, and `[V]` is taken. */
function readName(typed: string): string {
  const name = oneLine(typed);
  const isFine =
    name.length > 0 &&
    name.length <= trainFieldLength.name &&
    !/[[\]]/.test(name) &&
    normalizeSubjectName(name) !== 'v' &&
    normalizeSubjectName(name) !== '';
  if (!isFine) throw new UserError('NAME_MALFORMED', refusals.nameMalformed());
  return name;
}
