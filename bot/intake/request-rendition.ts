/** @file The road of an `/imagine`: its limits, its subjects, its start picture, then the row. Knows no Discord. */
import type { RenditionWish } from '#db/jobs/render-prompt.ts';
import { createDraft } from '#db/queries/rendition-drafts.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import { parsePrompt } from '../prompts.ts';
import { renditionDefaults } from '../rendition-limits.ts';
import { checkWish } from './check-wish.ts';
import type { PhotoLink } from './photos.ts';
import { discardStartPicture, takeStartPicture } from './start-picture.ts';
import { findSubjects } from './subjects-of-prompt.ts';
import { type RenditionPlace, type TakenRendition, takeRendition } from './take-rendition.ts';

/** What the user asked for, and from where. */
export interface RenditionRequest extends RenditionPlace {
  readonly wish: RenditionWish;
  /** The `subject` option: an id where it was chosen from the list, a name where it was typed. */
  readonly subject: string | null;
  /** A picture to start from, as the interaction names it. */
  readonly picture?: PhotoLink | undefined;
}

/** `ask`: `[V]` could be any of these; the draft keeps the wish until its asker has chosen. */
export type RequestedRendition =
  | ({ readonly kind: 'taken' } & TakenRendition)
  | { readonly kind: 'ask'; readonly draftId: string; readonly candidates: readonly Subject[] };

/** @throws {UserError} when something about it is refused; no row and no file is left then */
export async function requestRendition(
  bot: BotContext,
  request: RenditionRequest,
): Promise<RequestedRendition> {
  const wish = checkWish(request.wish, bot.renditionLimits);
  const { prompt } = wish;
  const parts = parsePrompt(prompt);
  const found = await findSubjects(bot, request, { prompt, parts, option: request.subject });
  return withStartPicture(bot, request, wish, async (complete) => {
    if (found.kind === 'found') {
      const taken = await takeRendition(bot, request, { wish: complete, byKey: found.byKey });
      return { kind: 'taken', ...taken };
    }
    const draftId = await createDraft(bot.db, request.userId, complete);
    return { kind: 'ask', draftId, candidates: found.candidates };
  });
}

/** Stores the start picture, if there is one, and deletes it again where no row came to own it. */
async function withStartPicture(
  bot: BotContext,
  request: RenditionRequest,
  wish: RenditionWish,
  record: (wish: RenditionWish) => Promise<RequestedRendition>,
): Promise<RequestedRendition> {
  if (!request.picture) return record(wish);
  const startFileId = await takeStartPicture(bot, request.userId, request.picture);
  const strength = wish.settings.strength ?? renditionDefaults.strength;
  let requested: RequestedRendition | undefined;
  try {
    requested = await record({ ...wish, startFileId, settings: { ...wish.settings, strength } });
    return requested;
  } finally {
    // A connection may break after the commit, and the interaction may have come twice: the row tells.
    if (requested?.kind !== 'ask') {
      const row = await findRenditionByInteraction(bot.db, request.interactionId);
      if (row?.startFileId !== startFileId) await discardStartPicture(bot, startFileId);
    }
  }
}
