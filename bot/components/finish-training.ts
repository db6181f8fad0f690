/** @file Stop now and keep the best, under a training's card: for its owner only. */
import type { ButtonInteraction } from 'discord.js';
import { requestFinishTraining } from '#db/queries/training-ends.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { finishAnswer } from '../views/training.ts';

/** Asks the worker to end a training with what it has learned. */
export async function finishTraining(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const result = await requestFinishTraining(bot.db, rowId, interaction.user.id);
  switch (result) {
    case 'missing':
      throw new UserError('TRAINING_GONE', refusals.trainingGone());
    case 'not-owner':
      throw new UserError('NOT_YOUR_TRAINING', refusals.notYourTrainingToStop());
    case 'finished':
      throw new UserError('TRAINING_OVER', refusals.trainingOver());
    case 'not-begun':
      throw new UserError('NOTHING_LEARNED_YET', refusals.nothingLearnedYet());
    case 'learned':
      throw new UserError('ALREADY_LEARNED', refusals.alreadyLearned());
    case 'requested':
      bot.logger.info({ runId: rowId }, 'training told to finish');
      bot.showProgress();
      await answer(interaction, finishAnswer());
  }
}
