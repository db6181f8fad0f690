/** @file Removes what deleted renditions left: the pictures from the store, the message from Discord. Finishes after a crash. */
import { listUnpurgedRenditions, purgeRendition } from '#db/queries/rendition-deletion.ts';
import type { BotContext } from '../context.ts';
import { classifyFailure } from '../discord-failure.ts';
import type { Poster } from './poster.ts';

/** What {@link removeDeletedRenditions} needs. */
export interface RemoveOptions extends Pick<BotContext, 'db' | 'store' | 'logger'> {
  readonly poster: Pick<Poster, 'remove'>;
}

/** Removes what can be removed now; what Discord does not take now is tried again at the next sweep. */
export async function removeDeletedRenditions(options: RemoveOptions): Promise<void> {
  const { db, store, poster, logger } = options;
  for (const { renditionId, fileIds, channelId, messageId } of await listUnpurgedRenditions(db)) {
    for (const fileId of fileIds) await store.delete(fileId);
    try {
      if (messageId !== null) await poster.remove(channelId, messageId);
    } catch (error) {
      const { kind, code } = classifyFailure(error);
      logger.warn({ renditionId, messageId, code }, 'message of deleted pictures not removed');
      // Somebody removed it already, or we may not any more: nothing else will help.
      if (kind !== 'give-up') continue;
    }
    await purgeRendition(db, renditionId);
  }
}
