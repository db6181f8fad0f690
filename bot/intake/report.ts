/** @file Reports to a server's moderators. Knows no Discord. */
import { findPostByMessage, getPost } from '#db/queries/gallery-posts.ts';
import { getGuildSettings } from '#db/queries/guilds.ts';
import { findRenditionIdByMessage } from '#db/queries/outbox-deliveries.ts';
import { createReport, type ReportTarget } from '#db/queries/reports.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { reportTaken } from '../views/report.ts';

/** Who reports, in which server. */
export interface Reporter {
  readonly guildId: string;
  readonly userId: string;
}

/** @throws {UserError} where the server takes no reports, or has no such picture */
export async function reportPost(
  bot: BotContext,
  by: Reporter,
  postId: string,
): Promise<MessageView> {
  const post = await getPost(bot.db, postId);
  if (post?.guildId !== by.guildId || post.status !== 'published') {
    throw new UserError('POST_GONE', refusals.postGone());
  }
  return report(bot, by, { postId });
}

/**
 * Reports any message of the bot, whatever it shows.
 *
 * @throws {UserError} where the server takes no reports
 */
export async function reportMessage(
  bot: BotContext,
  by: Reporter,
  message: { channelId: string; messageId: string },
): Promise<MessageView> {
  const post = await findPostByMessage(bot.db, message.messageId);
  if (post) return report(bot, by, { postId: post.id });
  const renditionId = (await findRenditionIdByMessage(bot.db, message.messageId)) ?? null;
  return report(bot, by, { ...message, renditionId });
}

async function report(bot: BotContext, by: Reporter, target: ReportTarget): Promise<MessageView> {
  const { guildId, userId } = by;
  const { moderatorChannelId } = await getGuildSettings(bot.db, guildId);
  if (moderatorChannelId === null) throw new UserError('NO_MODERATORS', refusals.noModerators());
  const taken = await createReport(bot.db, {
    guildId,
    reporterId: userId,
    moderatorChannelId,
    target,
  });
  bot.logger.info({ reportId: taken.report.id, isNew: taken.isNew }, 'report taken');
  if (taken.isNew) bot.deliver();
  return reportTaken(taken.report.status, taken.isNew);
}
