/** @file Keeps the messages of a gallery as its rows are: posts, questions to subjects' owners. Each call may be repeated. */
import { createHash } from 'node:crypto';
import {
  type GalleryItem,
  getGalleryItems,
  setPostMessage,
  withdrawLostPost,
} from '#db/queries/gallery-posts.ts';
import { getGuildSettings } from '#db/queries/guilds.ts';
import type { GalleryPost } from '#db/schema/gallery-posts.ts';
import type { OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import { buildCustomId } from '../custom-ids.ts';
import { discordCodes, isDiscordCode } from '../discord-failure.ts';
import { readPicture } from '../intake/pictures.ts';
import {
  chooseTags,
  galleryPost,
  galleryPostTitle,
  publishRequest,
} from '../views/gallery-post.ts';
import { inPublicLocale } from '../words/public-locale.ts';
import type { Forum } from './forum.ts';
import type { OutboxOptions } from './outbox.ts';

const { unknownChannel, unknownMessage, missingPermissions, tooManyEditsOfOldMessage, archived } =
  discordCodes;

/** A forum's post has the id of its first message. */
const isForumPost = ({ channelId, messageId }: GalleryPost) =>
  messageId !== null && channelId === messageId;

/** Posts a published picture, changes its words, or removes what is not published any more. @returns its message */
export async function mirrorGalleryPost(
  options: OutboxOptions,
  delivery: OutboxDelivery,
): Promise<string | null> {
  const item = await readItem(options, delivery.refId);
  if (!item) return null;
  const { post } = item;
  if (post.status !== 'published') {
    await removePost(options, post);
    return null;
  }
  if (post.messageId !== null) return changePost(options, item);
  if (post.channelId === null) return null;
  const created = await createPost(options, item, delivery);
  if (!created) return null;
  const channelId = created.isForumPost ? created.id : post.channelId;
  await setPostMessage(options.db, post.id, { channelId, messageId: created.id });
  return created.id;
}

async function createPost(
  options: OutboxOptions,
  item: GalleryItem,
  delivery: OutboxDelivery,
): Promise<{ id: string; isForumPost: boolean } | undefined> {
  const { db, poster, forum } = options;
  const { post } = item;
  const channelId = post.channelId ?? '';
  const picture = await readPictureOf(options, item);
  // Without its picture there is nothing to show; /gallery mine says so.
  if (!picture) return undefined;
  const view = await inPublicLocale(db, post, () => galleryPost(item, picture));
  const place = await forum.readPlace(channelId);
  if (place.kind === 'text') {
    return { id: await poster.post(channelId, view, nonceOf(post)), isForumPost: false };
  }
  // The last try may have arrived although its answer was lost.
  const lost =
    delivery.attempts > 1
      ? await forum.find(post.guildId, channelId, buildCustomId('vote', post.id))
      : undefined;
  const id =
    lost ??
    (await forum.post(channelId, {
      title: galleryPostTitle(item),
      tagIds: chooseTags(item, place.tags, place.isTagRequired),
      view,
    }));
  return { id, isForumPost: true };
}

async function changePost(options: OutboxOptions, item: GalleryItem): Promise<string | null> {
  const { db, poster, forum } = options;
  const { post } = item;
  const { channelId, messageId } = post;
  if (channelId === null || messageId === null) return null;
  try {
    const view = await inPublicLocale(db, post, () => galleryPost(item));
    await poster.editText(channelId, messageId, view);
    if (isForumPost(post) && post.hallOfFameAt !== null) await addFame(forum, item, options);
  } catch (error) {
    if (isDiscordCode(error, unknownMessage, unknownChannel)) {
      // Somebody deleted it there: a moderator who does not want it in the gallery.
      await withdrawLostPost(db, post.id);
      return null;
    }
    // Old and archived posts keep the words they had; the gallery's pages have the newest.
    if (!isDiscordCode(error, tooManyEditsOfOldMessage, archived)) throw error;
  }
  return messageId;
}

/** Tags the post anew, now that it is in the hall of fame. */
async function addFame(forum: Forum, item: GalleryItem, options: OutboxOptions): Promise<void> {
  const { galleryChannelId } = await getGuildSettings(options.db, item.post.guildId);
  if (galleryChannelId === null || item.post.messageId === null) return;
  const place = await forum.readPlace(galleryChannelId);
  if (place.kind !== 'forum') return;
  const tagIds = chooseTags(item, place.tags, place.isTagRequired);
  if (tagIds.length > 0) await forum.retag(item.post.messageId, tagIds);
}

async function removePost(options: OutboxOptions, post: GalleryPost): Promise<void> {
  const { db, poster, forum } = options;
  const { channelId, messageId } = post;
  if (channelId === null || messageId === null) return;
  try {
    if (!isForumPost(post)) await poster.remove(channelId, messageId);
    else {
      await forum.remove(messageId).catch(async (error) => {
        if (!isDiscordCode(error, missingPermissions)) throw error;
        // The post stays, but our message with the picture goes.
        await poster.remove(channelId, messageId);
      });
    }
  } catch (error) {
    if (!isDiscordCode(error, unknownMessage, unknownChannel)) throw error;
  }
  await setPostMessage(db, post.id, null);
}

/** Asks the owners of others' subjects in a picture, in the channel where it was to be published; then tells the end. */
export async function mirrorPublishRequest(
  options: OutboxOptions,
  delivery: OutboxDelivery,
): Promise<string | null> {
  const { db, poster } = options;
  const item = await readItem(options, delivery.refId);
  if (!item) return null;
  const isOpen = item.post.status === 'asked';
  const picture = isOpen ? await readPictureOf(options, item) : null;
  const view = await inPublicLocale(db, item.post, () => publishRequest(item, picture));
  if (delivery.messageId === null) {
    return isOpen ? poster.post(delivery.channelId, view, delivery.nonce) : null;
  }
  try {
    await poster.edit(delivery.channelId, delivery.messageId, view);
  } catch (error) {
    if (!isDiscordCode(error, unknownMessage, unknownChannel, tooManyEditsOfOldMessage))
      throw error;
  }
  return delivery.messageId;
}

async function readItem({ db }: OutboxOptions, postId: string): Promise<GalleryItem | undefined> {
  const [item] = await getGalleryItems(db, [postId]);
  return item;
}

function readPictureOf(options: OutboxOptions, item: GalleryItem): Promise<Buffer | null> {
  const { post, rendition } = item;
  return readPicture(options, post.authorId, rendition.resultFileIds?.[post.pictureIndex]);
}

/** The same for every try at one publication, and another for the next one. */
function nonceOf({ id, publishedAt }: GalleryPost): string {
  const hash = createHash('sha256').update(`${id} ${publishedAt?.toISOString()}`);
  return hash.digest('base64url').slice(0, 24);
}
