/** @file Going on from a rendition: again, varied, enlarged, edited. Each makes a new row that names where it comes from. */
import type { RenderSettings, RenditionWish } from '#db/jobs/render-prompt.ts';
import type { UsableSubject } from '#db/queries/shares.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { BotContext } from '../context.ts';
import { parsePrompt } from '../prompts.ts';
import { largestPixels, varyStrengths } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { checkWish } from './check-wish.ts';
import { findRenditionAtHand } from './rendition-at-hand.ts';
import { findSubjects } from './subjects-of-prompt.ts';
import { type RenditionPlace, type TakenRendition, takeRendition } from './take-rendition.ts';

/** One picture of a rendition. */
export interface PictureTarget {
  readonly renditionId: string;
  /** From 0. */
  readonly pictureIndex: number;
}

/** @returns whether it started from a picture that its asker attached, which is not kept */
export function startedFromAttachment(
  rendition: Pick<Rendition, 'settings' | 'sourceId'>,
): boolean {
  return rendition.settings.strength !== undefined && rendition.sourceId === null;
}

/**
 * Draws the same once more, with another seed.
 *
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function drawAgain(
  bot: BotContext,
  place: RenditionPlace,
  renditionId: string,
): Promise<TakenRendition> {
  const { rendition, byKey } = await findRenditionAtHand(bot, place, renditionId);
  if (startedFromAttachment(rendition)) {
    throw new UserError('ATTACHMENT_NOT_KEPT', refusals.attachmentNotKept());
  }
  const { prompt, count, settings } = rendition;
  return takeRendition(bot, place, {
    wish: checkWish({ prompt, seed: null, count, settings }, bot.renditionLimits),
    byKey,
    origin: { parentId: rendition.id, source: sourceOf(rendition) },
  });
}

/**
 * Draws from one of its pictures, with its prompt.
 *
 * @param how.strength how far to go from the picture
 * @param how.count absent: as many as it has, or what it was enlarged from had
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function varyPicture(
  bot: BotContext,
  place: RenditionPlace,
  target: PictureTarget,
  how: { strength: keyof typeof varyStrengths; count?: number | undefined },
): Promise<TakenRendition> {
  const { rendition, byKey } = await findPictureAtHand(bot, place, target);
  const { enlarge: _, ...settings } = rendition.settings;
  const wish: RenditionWish = {
    prompt: rendition.prompt,
    seed: null,
    count: how.count ?? rendition.count,
    settings: { ...settings, strength: varyStrengths[how.strength] },
  };
  return takeRendition(bot, place, {
    wish: checkWish(wish, bot.renditionLimits),
    byKey,
    origin: { parentId: rendition.id, source: target },
  });
}

/**
 * Makes one of its pictures larger. What was enlarged before is enlarged from the original.
 *
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function enlargePicture(
  bot: BotContext,
  place: RenditionPlace,
  target: PictureTarget,
  factor: NonNullable<RenderSettings['enlarge']>,
): Promise<TakenRendition> {
  const at = await findPictureAtHand(bot, place, target);
  const before = at.rendition.settings.enlarge;
  const source = sourceOf(at.rendition);
  if (before !== undefined && source) return enlargePicture(bot, place, source, factor);
  const { rendition, byKey } = at;
  const { width = 0, height = 0 } = rendition.renderedWith ?? {};
  if (width * factor * height * factor > largestPixels) {
    throw new UserError('TOO_LARGE', refusals.enlargedTooLarge(width * factor, height * factor));
  }
  return takeRendition(bot, place, {
    wish: {
      prompt: rendition.prompt,
      seed: rendition.seed + target.pictureIndex,
      count: 1,
      settings: { ...rendition.settings, enlarge: factor },
    },
    byKey,
    origin: { parentId: rendition.id, source: target },
  });
}

/** What the form of ✏️ says; what is absent or empty is left to the base. */
export interface Edits {
  readonly prompt: string;
  readonly seed: number | null;
  readonly settings: Pick<
    RenderSettings,
    'negativePrompt' | 'guidanceScale' | 'numInferenceSteps' | 'strength'
  >;
}

/**
 * Draws it with other words and settings.
 *
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function drawEdited(
  bot: BotContext,
  place: RenditionPlace,
  renditionId: string,
  edits: Edits,
): Promise<TakenRendition> {
  const { rendition, byKey: known } = await findRenditionAtHand(bot, place, renditionId);
  const { aspect, sampler } = rendition.settings;
  // An enlarged picture is drawn anew, from its words.
  const source = rendition.settings.enlarge === undefined ? sourceOf(rendition) : undefined;
  const { strength, ...settings } = edits.settings;
  const wish = checkWish(
    {
      prompt: edits.prompt,
      seed: edits.seed,
      count: rendition.count,
      settings: {
        aspect,
        sampler,
        ...settings,
        ...(source && { strength: strength ?? rendition.settings.strength }),
      },
    },
    bot.renditionLimits,
  );
  const byKey = await findEditedSubjects(bot, place, wish.prompt, known);
  return takeRendition(bot, place, {
    wish,
    byKey,
    origin: { parentId: rendition.id, source: wish.settings.strength ? source : undefined },
  });
}

/** References that stood in the prompt before keep their meaning, whoever edits it. */
async function findEditedSubjects(
  bot: BotContext,
  place: RenditionPlace,
  prompt: string,
  known: ReadonlyMap<string, UsableSubject>,
): Promise<ReadonlyMap<string, UsableSubject>> {
  const parts = parsePrompt(prompt);
  const found = await findSubjects(bot, place, { prompt, parts, option: null, known });
  if (found.kind === 'found') return found.byKey;
  throw new UserError('AMBIGUOUS_SUBJECT', refusals.ambiguousSubject(found.candidates));
}

async function findPictureAtHand(
  bot: BotContext,
  place: RenditionPlace,
  { renditionId, pictureIndex }: PictureTarget,
) {
  const at = await findRenditionAtHand(bot, place, renditionId, pictureIndex);
  if (at.rendition.resultFileIds?.[pictureIndex] === undefined) {
    throw new UserError('PICTURE_GONE', refusals.pictureGone());
  }
  return at;
}

function sourceOf({ sourceId, sourceIndex }: Rendition): PictureTarget | undefined {
  return sourceId === null || sourceIndex === null
    ? undefined
    : { renditionId: sourceId, pictureIndex: sourceIndex };
}
