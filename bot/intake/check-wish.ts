/** @file What a prompt may ask for, held to the limits of the deployment. Pure. */
import type { RenditionWish } from '#db/jobs/render-prompt.ts';
import { MAX_PROMPT_CHARACTERS } from '../prompts.ts';
import { optionRanges, type RenditionLimits } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';

/**
 * Checks a wish as it was typed; Discord's own checks do not stop a forged one.
 *
 * @returns the wish with its texts in one line
 * @throws {UserError} naming the first limit that it breaks
 */
export function checkWish(wish: RenditionWish, limits: RenditionLimits): RenditionWish {
  const prompt = oneLine(wish.prompt);
  if (prompt === '') throw new UserError('PROMPT_EMPTY', refusals.promptEmpty());
  const { length } = wish.prompt;
  if (length > MAX_PROMPT_CHARACTERS) {
    throw new UserError('PROMPT_TOO_LONG', refusals.promptTooLong(length, MAX_PROMPT_CHARACTERS));
  }
  if (wish.count > limits.maxCount) {
    throw new UserError('TOO_MANY_PICTURES', refusals.tooManyPictures(limits.maxCount));
  }
  const { numInferenceSteps = 0, negativePrompt, ...settings } = wish.settings;
  if (numInferenceSteps > limits.maxSteps) {
    throw new UserError('TOO_MANY_STEPS', refusals.tooManySteps(limits.maxSteps));
  }
  return {
    ...wish,
    prompt,
    settings: {
      ...settings,
      ...(numInferenceSteps > 0 && { numInferenceSteps }),
      ...readNegative(negativePrompt),
    },
  };
}

function readNegative(typed: string | undefined): { negativePrompt?: string } {
  const negativePrompt = oneLine(typed ?? '');
  if (negativePrompt === '') return {};
  const max = optionRanges.negativeLength;
  if (negativePrompt.length > max) {
    const sentence = refusals.negativeTooLong(negativePrompt.length, max);
    throw new UserError('NEGATIVE_TOO_LONG', sentence);
  }
  return { negativePrompt };
}
