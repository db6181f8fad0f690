/** @file Publishing a picture, and reading a page of a gallery with its pictures. */
import { listGalleryPage, type PublishedPost, publishPost } from '#db/queries/gallery-posts.ts';
import { getRendition } from '#db/queries/renditions.ts';
import { getSubject } from '#db/queries/subjects.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { GALLERY_PAGE_SIZE, galleryPage } from '../views/gallery.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { readPicture } from './pictures.ts';

/** @throws {UserError} when the picture is not the user's, or is gone */
export async function publishPicture(
  bot: BotContext,
  wanted: { renditionId: string; pictureIndex: number; guildId: string; userId: string },
): Promise<PublishedPost> {
  const { renditionId, pictureIndex, guildId, userId } = wanted;
  const rendition = await getRendition(bot.db, renditionId);
  if (!rendition || rendition.deletedAt)
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  if (rendition.userId !== userId) {
    throw new UserError('NOT_YOUR_PICTURE', refusals.notYourPicture());
  }
  const isThere = rendition.resultFileIds?.[pictureIndex] !== undefined;
  const subject = rendition.subjectId && (await getSubject(bot.db, rendition.subjectId));
  if (!isThere || !subject) throw new UserError('PICTURE_GONE', refusals.pictureGone());
  const published = await publishPost(bot.db, {
    renditionId,
    pictureIndex,
    guildId,
    authorId: userId,
    subjectId: subject.id,
  });
  bot.logger.info({ postId: published.post.id, outcome: published.outcome }, 'picture published');
  return published;
}

/** @param cursor a post: older or newer than which */
export async function readGalleryPage(
  bot: BotContext,
  guildId: string,
  cursor: { before?: string; after?: string } = {},
): Promise<MessageView> {
  const page = await listGalleryPage(bot.db, { guildId, ...cursor, limit: GALLERY_PAGE_SIZE });
  const pictures = await Promise.all(
    page.items.map(({ post, rendition }) =>
      readPicture(bot, post.authorId, rendition.resultFileIds?.[post.pictureIndex]),
    ),
  );
  return galleryPage(page, pictures);
}
