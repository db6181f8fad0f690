/** @file Stored pictures on their way out. */

import { KeyError } from '#storage/keys.ts';
import { FileError } from '#storage/store.ts';
import type { BotContext } from '../context.ts';
import { limits } from '../views/discord-limits.ts';
import { findDataKey } from './data-keys.ts';

/** What a picture is read with. */
type Stores = Pick<BotContext, 'db' | 'store' | 'logger'>;

/** How a picture may be read. */
interface Reading {
  /** A preview goes when its job ends, perhaps since the row was read that named it: that is no failure. */
  readonly isPreview?: boolean;
}

/**
 * Reads a picture.
 *
 * @returns its bytes, or null where it is gone, unreadable for good, or too large for Discord
 * @throws {Error} when the database or the disk fails: another try may help
 */
export async function readPicture(
  bot: Stores,
  ownerId: string,
  fileId: string | undefined,
  { isPreview = false }: Reading = {},
): Promise<Buffer | null> {
  if (fileId === undefined) return null;
  const key = await findDataKey(bot.db, ownerId);
  if (key === undefined) return null;
  try {
    const bytes = await bot.store.get(fileId, key);
    return bytes.length <= limits.fileBytes ? bytes : null;
  } catch (error) {
    if (!(error instanceof FileError || error instanceof KeyError)) throw error;
    const isOver = isPreview && error instanceof FileError && error.code === 'FILE_NOT_FOUND';
    if (!isOver) bot.logger.error({ err: error, fileId }, 'picture unreadable');
    return null;
  }
}

/** @returns the pictures that can be shown, in order */
export async function readPictures(
  bot: Stores,
  ownerId: string,
  fileIds: readonly string[],
  reading?: Reading,
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let total = 0;
  for (const fileId of fileIds.slice(0, limits.attachments)) {
    const bytes = await readPicture(bot, ownerId, fileId, reading);
    if (!bytes) continue;
    total += bytes.length;
    if (total < limits.requestBytes) found.push(bytes);
  }
  return found;
}
