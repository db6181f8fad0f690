/** @file The message of a rendition that has ended, from its rows and its stored pictures. */
import { getRenditionWithSubjects } from '#db/queries/renditions.ts';
import type { OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { BotContext } from '../context.ts';
import type { MessageView } from '../views/message-view.ts';
import { type MissingReason, renditionEnded } from '../views/rendition-card.ts';
import { outcomeNow, payloadOf } from './outcome-now.ts';
import { readPictures } from './pictures.ts';

/** How a rendition ended, and how that is told. */
export interface RenditionMessage {
  readonly rendition: Rendition;
  build(): MessageView;
  /** For when the files are too large. */
  buildWithoutFiles(): MessageView;
}

/** @returns undefined where its asker deleted it */
export async function readRenditionMessage(
  bot: Pick<BotContext, 'db' | 'store' | 'logger'>,
  delivery: Pick<OutboxDelivery, 'refId' | 'userId' | 'payload'>,
): Promise<RenditionMessage | undefined> {
  const { refId, userId } = delivery;
  const payload = payloadOf(delivery);
  const fileIds =
    payload.outcome === 'succeeded' && payload.kind === 'rendition' ? payload.result.fileIds : [];
  const pictures = await readPictures(bot, userId, fileIds);
  const row = await getRenditionWithSubjects(bot.db, refId);
  if (!row || row.rendition.deletedAt) return undefined;
  const { rendition } = row;
  const subjects = row.subjects.map(({ subject }) => subject);
  const outcome = outcomeNow(payload, subjects);
  const build = (shown: readonly Buffer[] | MissingReason) =>
    renditionEnded(rendition, subjects, outcome, shown);
  return {
    rendition,
    build: () => build(pictures),
    buildWithoutFiles: () => build('too-large'),
  };
}
