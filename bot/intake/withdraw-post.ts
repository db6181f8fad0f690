/** @file Taking a picture out of its gallery. Knows no Discord. */
import { withdrawPost } from '#db/queries/publishing.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { unpublishedAnswer } from '../views/gallery.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';

/** @throws {UserError} where there is nothing to take out, or not by this person */
export async function withdraw(
  bot: BotContext,
  postId: string,
  by: { userId: string; guildId: string; isModerator: boolean },
): Promise<MessageView> {
  const { userId, guildId, isModerator } = by;
  const withdrawn = await withdrawPost(
    bot.db,
    postId,
    isModerator ? { userId, moderatorOfGuildId: guildId } : { userId },
  );
  if (withdrawn === 'missing') throw new UserError('POST_GONE', refusals.postGone());
  if (withdrawn === 'not-allowed') throw new UserError('NOT_YOUR_POST', refusals.notYourPost());
  bot.logger.info({ postId, status: withdrawn.status }, 'picture unpublished');
  bot.deliver();
  return unpublishedAnswer();
}
