/** @file Deleting pictures: gone from every list at once; `delivery/remove-deleted.ts` then removes files and message. */
import { countPublishedOfRendition } from '#db/queries/gallery-posts.ts';
import { softDeleteRendition } from '#db/queries/rendition-deletion.ts';
import { getRendition } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';

/** Who wants to delete. */
export interface Deleter {
  readonly userId: string;
  /** The server in which they may delete messages of others. */
  readonly moderatedGuildId: string | null;
}

/** @throws {UserError} where it is gone, or not theirs to delete */
export async function askToDeleteRendition(
  bot: Pick<BotContext, 'db'>,
  deleter: Deleter,
  renditionId: string,
): Promise<{ rendition: Rendition; published: number }> {
  const rendition = await getRendition(bot.db, renditionId);
  if (!rendition || rendition.deletedAt) {
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  }
  const isTheirs = rendition.userId === deleter.userId;
  const isModerated = rendition.guildId !== null && rendition.guildId === deleter.moderatedGuildId;
  if (!isTheirs && !isModerated) {
    throw new UserError('NOT_YOURS_TO_DELETE', refusals.notYoursToDelete());
  }
  return { rendition, published: await countPublishedOfRendition(bot.db, renditionId) };
}

/** @throws {UserError} as {@link askToDeleteRendition} */
export async function deleteRendition(
  bot: Pick<BotContext, 'db' | 'logger'>,
  deleter: Deleter,
  renditionId: string,
): Promise<void> {
  await askToDeleteRendition(bot, deleter, renditionId);
  await softDeleteRendition(bot.db, renditionId);
  bot.logger.info({ renditionId, byUserId: deleter.userId }, 'rendition deleted');
}
