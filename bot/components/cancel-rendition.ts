/** @file Cancel, under a rendition that is not over: for who asked for it only. */
import type { ButtonInteraction } from 'discord.js';
import { requestCancelRendition } from '#db/queries/rendition-ends.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { cancelAnswer } from '../views/training.ts';

/** Stops a waiting rendition at once; asks the worker to stop a running one. */
export async function cancelRendition(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const result = await requestCancelRendition(bot.db, rowId, interaction.user.id);
  switch (result) {
    case 'missing':
      throw new UserError('PICTURE_GONE', refusals.pictureGone());
    case 'not-owner':
      throw new UserError('NOT_YOUR_RENDITION', refusals.notYourRendition());
    case 'finished':
      throw new UserError('RENDITION_OVER', refusals.renditionOver());
    case 'cancelled':
    case 'requested':
      bot.logger.info({ renditionId: rowId, result }, 'rendition cancel asked for');
      bot.deliver();
      bot.showProgress();
      await answer(interaction, cancelAnswer(result));
  }
}
