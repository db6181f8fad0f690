/** @file Photos on their way in: fetched from allowed hosts, decoded to clean pixels, stored encrypted. */

import type { NewPhoto } from '#db/queries/new-trainings.ts';
import type { DraftPhoto } from '#db/queries/training-drafts.ts';
import {
  type CleanPhoto,
  decodePhoto,
  defaultPhotoLimits,
  PhotoError,
} from '#storage/decode/decode-photo.ts';
import { FetchError, fetchRemoteFile } from '#storage/remote/fetch-remote-file.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { photoCount, refusals } from '../views/refusals.ts';
import { ensureDataKey } from './data-keys.ts';

/** A photo as an interaction names it. */
export interface PhotoLink {
  readonly url: string;
  readonly filename: string;
  readonly sizeBytes: number;
}

const FETCH_TIMEOUT_MS = 30_000;
const FETCH_TRIES = 3;

/** @throws {UserError} when there are too few or too many photos */
export function checkPhotoCount(given: number): void {
  if (given < photoCount.min) throw new UserError('TOO_FEW_PHOTOS', refusals.tooFewPhotos(given));
  if (given > photoCount.max) throw new UserError('TOO_MANY_PHOTOS', refusals.tooManyPhotos(given));
}

/**
 * Fetches and decodes photos, in order. Nothing is stored yet.
 *
 * @param options.least how many must differ
 * @throws {UserError} for the first photo that is refused, or when fewer differ
 */
export async function receivePhotos(
  bot: BotContext,
  links: readonly PhotoLink[],
  { least = photoCount.min }: { least?: number } = {},
): Promise<readonly CleanPhoto[]> {
  const settled = await Promise.allSettled(
    links.map((link, index) => receivePhoto(bot, link, index + 1)),
  );
  // The first in the user's order, not the first in time: the same photos give the same sentence.
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  const photos = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const different = [...new Map(photos.map((photo) => [photo.sha256, photo])).values()];
  if (different.length < least) {
    throw new UserError('SAME_PHOTOS', refusals.samePhotos(different.length));
  }
  return different;
}

/**
 * Fetches and decodes one photo.
 *
 * @param number its place among the user's photos, from 1; null where it is the only one
 * @throws {UserError} when it is refused
 */
export async function receivePhoto(
  bot: BotContext,
  link: PhotoLink,
  number: number | null,
): Promise<CleanPhoto> {
  const place = { number, filename: link.filename };
  try {
    if (link.sizeBytes > defaultPhotoLimits.maxBytes) {
      throw new PhotoError('PHOTO_TOO_LARGE', `announced as ${link.sizeBytes} bytes`);
    }
    return await decodePhoto(await fetchPhoto(bot, link.url));
  } catch (error) {
    if (!(error instanceof PhotoError || error instanceof FetchError)) throw error;
    throw new UserError(error.code, refusals.photo(place, error.code), { cause: error });
  }
}

async function fetchPhoto(bot: BotContext, url: string): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRemoteFile(url, {
        allowedHosts: bot.attachmentHosts,
        maxBytes: defaultPhotoLimits.maxBytes,
        timeoutMs: FETCH_TIMEOUT_MS,
      });
    } catch (error) {
      const isPassing = error instanceof FetchError && error.code === 'UNAVAILABLE';
      if (!isPassing || attempt === FETCH_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

/** Stores clean photos under their owner's key; where one fails, none stays. */
export async function storePhotos(
  bot: BotContext,
  userId: string,
  photos: readonly CleanPhoto[],
): Promise<readonly DraftPhoto[]> {
  const ownerDataKey = await ensureDataKey(bot.db, bot.masterKey, userId);
  const stored: DraftPhoto[] = [];
  try {
    for (const { bytes, width, height, sha256, traits } of photos) {
      const storageFileId = await bot.store.put(bytes, { ownerDataKey });
      const sizeBytes = bytes.length;
      stored.push({ storageFileId, width, height, sizeBytes, sha256, figures: traits });
    }
    return stored;
  } catch (error) {
    await discardPhotos(bot, stored);
    throw error;
  }
}

/** Deletes stored photos that no row came to own. */
export async function discardPhotos(
  bot: Pick<BotContext, 'store' | 'logger'>,
  photos: readonly NewPhoto[],
): Promise<void> {
  for (const { storageFileId } of photos) {
    await bot.store
      .delete(storageFileId)
      .catch((error) =>
        bot.logger.error({ err: error, fileId: storageFileId }, 'photo not deleted'),
      );
  }
}
