/** @file Keeps the moderators' message of a report as its row is, and takes down what they denied. */
import { getGalleryItems } from '#db/queries/gallery-posts.ts';
import { getRenditionWithSubjects } from '#db/queries/renditions.ts';
import { getReport } from '#db/queries/reports.ts';
import type { OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import type { Report } from '#db/schema/reports.ts';
import { discordCodes, isDiscordCode } from '../discord-failure.ts';
import { readPicture } from '../intake/pictures.ts';
import { type ReportedThing, reportCard } from '../views/report.ts';
import { inPublicLocale } from '../words/public-locale.ts';
import type { OutboxOptions } from './outbox.ts';

const { unknownChannel, unknownMessage, tooManyEditsOfOldMessage } = discordCodes;

/** @returns the moderators' message */
export async function mirrorReport(
  options: OutboxOptions,
  delivery: OutboxDelivery,
): Promise<string | null> {
  const { db, poster } = options;
  const report = await getReport(db, delivery.refId);
  if (!report) return null;
  if (report.status === 'denied') await removeReported(options, report);
  const thing = await readReported(options, report);
  const view = await inPublicLocale(db, report, () => reportCard(report, thing));
  if (delivery.messageId === null) {
    return poster.post(delivery.channelId, view, delivery.nonce);
  }
  try {
    await poster.edit(delivery.channelId, delivery.messageId, view);
  } catch (error) {
    if (!isDiscordCode(error, unknownMessage, unknownChannel, tooManyEditsOfOldMessage))
      throw error;
  }
  return delivery.messageId;
}

/** A published picture's own message goes with its post; here go all others. */
async function removeReported({ poster }: OutboxOptions, report: Report): Promise<void> {
  const { channelId, messageId } = report;
  if (channelId === null || messageId === null) return;
  try {
    await poster.remove(channelId, messageId);
  } catch (error) {
    if (!isDiscordCode(error, unknownMessage, unknownChannel)) throw error;
  }
}

async function readReported(options: OutboxOptions, report: Report): Promise<ReportedThing> {
  const isOpen = report.status === 'open';
  if (report.postId !== null) {
    const [item] = await getGalleryItems(options.db, [report.postId]);
    if (!item) return { authorId: null, prompt: null, message: null, picture: null };
    const { post, rendition } = item;
    const { channelId, messageId } = post;
    const fileId = rendition.resultFileIds?.[post.pictureIndex];
    const isShown = isOpen && post.status === 'published';
    return {
      authorId: post.authorId,
      prompt: rendition.prompt,
      message: channelId !== null && messageId !== null ? { channelId, messageId } : null,
      picture: isShown ? await readPicture(options, post.authorId, fileId) : null,
    };
  }
  const { channelId, messageId, renditionId } = report;
  const row =
    renditionId === null ? undefined : await getRenditionWithSubjects(options.db, renditionId);
  const isGone = row?.rendition.deletedAt || row?.subjects.some(({ subject }) => subject.deletedAt);
  const rendition = row?.rendition;
  const picture =
    rendition && isOpen && !isGone
      ? await readPicture(options, rendition.userId, rendition.resultFileIds?.[0])
      : null;
  return {
    authorId: rendition?.userId ?? null,
    prompt: rendition?.prompt ?? null,
    message: channelId !== null && messageId !== null ? { channelId, messageId } : null,
    picture,
  };
}
