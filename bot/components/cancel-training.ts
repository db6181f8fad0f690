/** @file Cancel, under a training's message: for its owner only. */
import type { ButtonInteraction } from 'discord.js';
import { requestCancelTraining } from '#db/queries/training-ends.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { cancelAnswer } from '../views/training.ts';

/** Stops a waiting training at once; asks the worker to stop a running one. */
export async function cancelTraining(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const result = await requestCancelTraining(bot.db, rowId, interaction.user.id);
  switch (result) {
    case 'missing':
      throw new UserError('TRAINING_GONE', refusals.trainingGone());
    case 'not-owner':
      throw new UserError('NOT_YOUR_TRAINING', refusals.notYourTraining());
    case 'finished':
      throw new UserError('TRAINING_OVER', refusals.trainingOver());
    case 'cancelled':
    case 'requested':
      bot.logger.info({ runId: rowId, result }, 'training cancel asked for');
      bot.deliver();
      bot.showProgress();
      await answer(interaction, cancelAnswer(result));
  }
}
