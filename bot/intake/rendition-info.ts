/** @file What pictures were made with. Knows no Discord. */
import { getRenditionWithSubjects } from '#db/queries/renditions.ts';
import type { BotContext } from '../context.ts';
import type { MessageView } from '../views/message-view.ts';
import { renditionInfo } from '../views/rendition.ts';
import { findVisibleRendition, type Viewer } from './rendition-at-hand.ts';

/** @throws {UserError} where the viewer cannot see it */
export async function readRenditionInfo(
  bot: Pick<BotContext, 'db'>,
  viewer: Viewer,
  renditionId: string,
): Promise<MessageView> {
  const rendition = await findVisibleRendition(bot, viewer, renditionId);
  const row = await getRenditionWithSubjects(bot.db, renditionId);
  const subjects = (row?.subjects ?? []).map(({ subject }) => subject);
  return renditionInfo(
    rendition,
    subjects.filter(({ deletedAt }) => !deletedAt),
  );
}
