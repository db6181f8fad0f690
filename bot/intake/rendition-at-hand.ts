/** @file A rendition that somebody goes on from: whether they may, and what its prompt means for them. Knows no Discord. */
import { isPublishedIn } from '#db/queries/gallery-posts.ts';
import type { Asker } from '#db/queries/grantees.ts';
import { getRendition } from '#db/queries/renditions.ts';
import { findUsableSubject, type UsableSubject } from '#db/queries/shares.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { BotContext } from '../context.ts';
import { listReferences, parsePrompt } from '../prompts.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { requireDrawable } from './subjects-of-prompt.ts';

/** Who looks at a rendition, and in which channel. */
export interface Viewer extends Asker {
  readonly channelId: string;
}

/**
 * Finds a rendition for somebody who can see it: whoever asked for it, whoever is in its channel, and in whose server's
 * gallery it is.
 *
 * @param pictureIndex the picture that it is about, from 0: of several, one may be in the gallery and the others not
 * @throws {UserError} where it is unknown or deleted, or was shown elsewhere only
 */
export async function findVisibleRendition(
  bot: Pick<BotContext, 'db'>,
  viewer: Viewer,
  renditionId: string,
  pictureIndex?: number,
): Promise<Rendition> {
  const rendition = await getRendition(bot.db, renditionId);
  if (!rendition || rendition.deletedAt) {
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  }
  const isTheirs = rendition.userId === viewer.userId;
  const isHere = rendition.channelId === viewer.channelId;
  const picture = { renditionId, pictureIndex };
  if (!isTheirs && !isHere && !(await isInGallery(bot, viewer, picture))) {
    throw new UserError('NOT_HERE', refusals.pictureElsewhere());
  }
  return rendition;
}

async function isInGallery(
  bot: Pick<BotContext, 'db'>,
  { guildId }: Viewer,
  picture: { renditionId: string; pictureIndex: number | undefined },
): Promise<boolean> {
  return guildId !== null && (await isPublishedIn(bot.db, { ...picture, guildId }));
}

/** A rendition with the subjects of its prompt. */
export interface RenditionAtHand {
  readonly rendition: Rendition;
  /** The subject of each reference in its prompt. */
  readonly byKey: ReadonlyMap<string, UsableSubject>;
}

/**
 * Finds a rendition for somebody who draws on: they must see it, and may use its subjects now.
 *
 * @throws {UserError} as {@link findVisibleRendition}, or where a subject is deleted, not theirs to use, or not learned
 */
export async function findRenditionAtHand(
  bot: Pick<BotContext, 'db'>,
  viewer: Viewer,
  renditionId: string,
  pictureIndex?: number,
): Promise<RenditionAtHand> {
  const rendition = await findVisibleRendition(bot, viewer, renditionId, pictureIndex);
  const byKey = new Map<string, UsableSubject>();
  for (const { key } of listReferences(parsePrompt(rendition.prompt))) {
    const subjectId = rendition.namedSubjects[key] ?? rendition.subjectId;
    const usable = subjectId ? await findUsableSubject(bot.db, viewer, subjectId) : undefined;
    if (!usable) throw new UserError('SUBJECT_NOT_USABLE', refusals.subjectNotUsable());
    byKey.set(key, requireDrawable(usable));
  }
  return { rendition, byKey };
}
