/** @file A server's gallery: publishing into it, reading its pages with their pictures. Knows no Discord. */
import {
  type GalleryCursor,
  type GalleryFilter,
  listGalleryPage,
} from '#db/queries/gallery-pages.ts';
import {
  type GalleryItem,
  getGalleryItems,
  listPublishRequests,
} from '#db/queries/gallery-posts.ts';
import type { Asker } from '#db/queries/grantees.ts';
import { listFailedDeliveries } from '#db/queries/outbox-deliveries.ts';
import { publishPost } from '#db/queries/publishing.ts';
import { getRendition } from '#db/queries/renditions.ts';
import { findUsableSubject } from '#db/queries/shares.ts';
import type { BotContext } from '../context.ts';
import type { GalleryLook } from '../gallery-tail.ts';
import { findStyle } from '../styles.ts';
import { UserError } from '../user-error.ts';
import {
  GALLERY_PAGE_SIZE,
  galleryPage,
  publishedAnswer,
  SHOWN_REQUESTS,
} from '../views/gallery.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { readPicture } from './pictures.ts';

/** What somebody wants to publish, and where they said so. */
export interface PublishWish {
  readonly renditionId: string;
  /** From 0. */
  readonly pictureIndex: number;
  readonly guildId: string;
  readonly channelId: string;
  readonly userId: string;
}

/**
 * Publishes a picture, or asks the owners of others' subjects in it.
 *
 * @throws {UserError} when the picture is not the user's, is of another server, or may not be published
 */
export async function publishPicture(bot: BotContext, wish: PublishWish): Promise<MessageView> {
  const { renditionId, pictureIndex, guildId, channelId, userId } = wish;
  const rendition = await getRendition(bot.db, renditionId);
  if (!rendition || rendition.deletedAt)
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  if (rendition.userId !== userId) {
    throw new UserError('NOT_YOUR_PICTURE', refusals.notYourPicture());
  }
  if (rendition.guildId !== guildId) {
    throw new UserError('OTHER_GUILD', refusals.madeElsewhere());
  }
  if (rendition.resultFileIds?.[pictureIndex] === undefined) {
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  }
  const published = await publishPost(bot.db, {
    renditionId,
    pictureIndex,
    guildId,
    authorId: userId,
    style: findStyle(rendition.prompt),
    askInChannelId: channelId,
  });
  bot.logger.info({ renditionId, outcome: published.outcome }, 'picture published');
  if (published.outcome === 'gone') throw new UserError('PICTURE_GONE', refusals.pictureGone());
  if (published.outcome === 'denied') throw new UserError('POST_DENIED', refusals.postDenied());
  bot.deliver();
  const { post, outcome } = published;
  const [item] = await getGalleryItems(bot.db, [post.id]);
  const owners = new Set(item?.subjects.map(({ ownerId }) => ownerId));
  owners.delete(userId);
  return publishedAnswer(outcome, { channelId: post.channelId, ownerIds: [...owners] });
}

/** Who looks at a gallery. */
export interface GalleryViewer extends Asker {
  readonly guildId: string;
}

/**
 * Reads a page with its pictures.
 *
 * @throws {UserError} where it is narrowed to a subject that the viewer may not use
 */
export async function readGalleryPage(
  bot: BotContext,
  viewer: GalleryViewer,
  look: GalleryLook,
  cursor?: GalleryCursor,
): Promise<MessageView> {
  const usable = look.subjectId && (await findUsableSubject(bot.db, viewer, look.subjectId));
  if (look.subjectId && !usable) throw new UserError('UNKNOWN_SUBJECT', refusals.unknownSubject());
  const page = await listGalleryPage(bot.db, filterOf(viewer, look), {
    cursor,
    limit: GALLERY_PAGE_SIZE,
  });
  const isMine = look.order === 'mine';
  const waiting =
    isMine && !cursor ? await listPublishRequests(bot.db, viewer.userId, SHOWN_REQUESTS) : [];
  const ids = page.items.map(({ post }) => post.id);
  return galleryPage({
    page,
    pictures: await Promise.all(page.items.map((item) => readItemPicture(bot, item))),
    look,
    subjectName: usable ? usable.subject.name : undefined,
    undelivered: isMine ? await listFailedDeliveries(bot.db, 'gallery-post', ids) : [],
    requests: await Promise.all(
      waiting.map(async (item) => ({ item, picture: await readItemPicture(bot, item) })),
    ),
  });
}

/** @returns what the database is asked for */
function filterOf({ userId, guildId }: GalleryViewer, look: GalleryLook): GalleryFilter {
  if (look.order === 'mine') {
    return { guildId, order: 'newest', authorId: userId, withUnpublished: true };
  }
  return { guildId, ...look, order: look.order };
}

function readItemPicture(
  bot: BotContext,
  { post, rendition }: GalleryItem,
): Promise<Buffer | null> {
  return readPicture(bot, post.authorId, rendition.resultFileIds?.[post.pictureIndex]);
}
