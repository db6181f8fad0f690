/** @file Another training of a subject: on from the weights in use, or again after one that ended badly. Knows no Discord. */
import { randomInt } from 'node:crypto';
import { type TrainSettings, trainSubject } from '#db/jobs/train-subject.ts';
import { getArtifact } from '#db/queries/artifacts.ts';
import { createAnotherTraining } from '#db/queries/train-again.ts';
import { getTrainingRun } from '#db/queries/training-runs.ts';
import { priorityFor } from '#db/queue.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { countOpenTrainings } from './open-trainings.ts';

/** Who asks, and where the card goes. */
export interface TrainingPlace {
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
}

/** A row that was taken in, with its subject. */
export interface TakenTraining {
  readonly run: TrainingRun;
  readonly subject: Subject;
}

/**
 * Trains a subject on from the weights in use; it can be drawn all the while.
 *
 * @param steps how many more; null: as many as its training had
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function continueTraining(
  bot: BotContext,
  place: TrainingPlace,
  subject: Subject,
  steps: number | null,
): Promise<TakenTraining> {
  const { name, currentArtifactId } = subject;
  if (currentArtifactId === null) {
    throw subject.status === 'training'
      ? new UserError('STILL_TRAINING', refusals.stillTraining(name))
      : new UserError('NEVER_TRAINED', refusals.neverTrained(name));
  }
  const artifact = await getArtifact(bot.db, currentArtifactId);
  const parent = artifact && (await getTrainingRun(bot.db, artifact.runId));
  if (!parent) throw new UserError('WEIGHTS_GONE', refusals.weightsGone(name));
  return takeAgain(bot, place, subject, {
    settings: {
      ...parent.settings,
      method: artifact.method,
      ...(steps !== null && { maxTrainSteps: steps }),
    },
    parentArtifactId: artifact.id,
  });
}

/**
 * Makes a training again that failed or was cancelled.
 *
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function retryTraining(
  bot: BotContext,
  place: TrainingPlace,
  { run, subject }: TakenTraining,
): Promise<TakenTraining> {
  const { settings, parentArtifactId } = run;
  return takeAgain(bot, place, subject, { settings, parentArtifactId });
}

async function takeAgain(
  bot: BotContext,
  place: TrainingPlace,
  subject: Subject,
  how: { settings: TrainSettings; parentArtifactId: string | null },
): Promise<TakenTraining> {
  const open = await countOpenTrainings(bot, place.userId);
  const { userId, guildId, channelId, interactionId } = place;
  const created = await createAnotherTraining(bot.db, {
    ...{ userId, guildId, channelId, interactionId },
    subjectId: subject.id,
    parentArtifactId: how.parentArtifactId,
    // Other noise than before, unless the deployment says which.
    settings: { ...how.settings, seed: bot.trainSettings.seed ?? randomInt(2 ** 31) },
  });
  switch (created.outcome) {
    case 'missing':
      throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
    case 'busy':
      throw new UserError('TRAINING_UNDER_WAY', refusals.trainingUnderWay(subject.name));
    case 'name-taken':
      throw new UserError('NAME_TAKEN', refusals.nameTaken(subject.name));
  }
  const { run, outcome } = created;
  bot.logger.info({ runId: run.id, interactionId, outcome }, 'another training taken');
  // A queue that is out of order loses nothing: the sweep enqueues the row later.
  await bot.queue.enqueue(trainSubject, run.id, { priority: priorityFor(open + 1) });
  bot.showProgress();
  return created;
}
