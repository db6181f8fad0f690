/** @file A picture that a user gives to start from: in like a photo, out as soon as its rendition is over. */
import { deleteDraft, listOldDrafts } from '#db/queries/rendition-drafts.ts';
import { forgetStartFile, isStartFile, listUsedStartFiles } from '#db/queries/start-files.ts';
import type { BotContext } from '../context.ts';
import { ensureDataKey } from './data-keys.ts';
import { type PhotoLink, receivePhoto } from './photos.ts';

/**
 * Fetches, cleans and stores a picture under its giver's key.
 *
 * @returns its storage id
 * @throws {UserError} when it is refused; nothing is stored then
 */
export async function takeStartPicture(
  bot: BotContext,
  userId: string,
  link: PhotoLink,
): Promise<string> {
  const { bytes } = await receivePhoto(bot, link, null);
  const ownerDataKey = await ensureDataKey(bot.db, bot.masterKey, userId);
  return bot.store.put(bytes, { ownerDataKey });
}

/** Deletes a picture that no row came to own. */
export async function discardStartPicture(
  bot: Pick<BotContext, 'store' | 'logger'>,
  fileId: string | undefined,
): Promise<void> {
  if (fileId === undefined) return;
  await bot.store
    .delete(fileId)
    .catch((error) => bot.logger.error({ err: error, fileId }, 'start picture not deleted'));
}

/** Deletes pictures of renditions that are over, and of questions that nobody answered. */
export async function discardUsedStartPictures({
  db,
  store,
}: Pick<BotContext, 'db' | 'store'>): Promise<void> {
  for (const { renditionId, fileId } of await listUsedStartFiles(db)) {
    await store.delete(fileId);
    await forgetStartFile(db, renditionId);
  }
  for (const { id, startFileId } of await listOldDrafts(db)) {
    // An answered question whose draft a crash left behind: the picture is the rendition's.
    if (startFileId !== undefined && !(await isStartFile(db, startFileId))) {
      await store.delete(startFileId);
    }
    await deleteDraft(db, id);
  }
}
