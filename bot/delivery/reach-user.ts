/** @file Where a user is told something: in the channel, or by direct message where that fails and they allow it. */
import { getAllowsDirectMessages } from '#db/queries/users.ts';
import type { BotContext } from '../context.ts';
import { classifyFailure } from '../discord-failure.ts';
import type { Poster } from './poster.ts';

/** What {@link reachUser} needs. */
export interface ReachOptions extends Pick<BotContext, 'db' | 'logger'> {
  readonly poster: Poster;
}

/**
 * Does something in the channel; where Discord refuses that for good, in the user's direct messages.
 *
 * @param act is given the channel's id
 * @throws what the channel threw, where the user wants no direct messages or Discord refuses those as well
 */
export async function reachUser<T>(
  { db, logger, poster }: ReachOptions,
  { channelId, userId }: { channelId: string; userId: string },
  act: (channelId: string) => Promise<T>,
): Promise<T> {
  try {
    return await act(channelId);
  } catch (error) {
    if (classifyFailure(error).kind !== 'give-up') throw error;
    if (!(await getAllowsDirectMessages(db, userId))) throw error;
    logger.info({ channelId, code: classifyFailure(error).code }, 'told by direct message instead');
    try {
      return await act(await poster.openDirectMessages(userId));
    } catch (second) {
      throw classifyFailure(second).kind === 'give-up' ? error : second;
    }
  }
}
