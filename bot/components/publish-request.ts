/** @file Allow and Refuse, under the question whether a picture with somebody's subject may be published: for its owner only. */
import type { ButtonInteraction } from 'discord.js';
import { answerPublishRequest } from '#db/queries/publishing.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { consentAnswer } from '../views/gallery.ts';
import { refusals } from '../views/refusals.ts';

/** Takes the owner's answer. */
export async function decidePublishRequest(
  interaction: ButtonInteraction,
  bot: BotContext,
  { action, rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const where = { postId: rowId, ownerId: interaction.user.id };
  const outcome = await answerPublishRequest(bot.db, where, action === 'allow');
  if (outcome === 'missing') throw new UserError('POST_GONE', refusals.postGone());
  if (outcome === 'over') throw new UserError('REQUEST_OVER', refusals.requestOver());
  if (outcome === 'not-owner') throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourConsent());
  bot.logger.info({ postId: rowId, outcome }, 'publication answered');
  bot.deliver();
  await answer(interaction, consentAnswer(outcome));
}
