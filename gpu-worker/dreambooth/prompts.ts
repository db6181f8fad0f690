/** @file The two prompts of DreamBooth, and the check that a prompt fits the text encoders. */
import type { PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import { fitPrompt } from '../diffusion/tokenizers/clip-tokenizer.ts';
import { EngineRequestError } from './requests.ts';

/** `a [identifier] [class]` @see Ruiz et al. 2023, section 3.2 */
export const instancePromptOf = (identifier: string, classNoun: string): string =>
  `a ${identifier} ${classNoun}`;

/** `a [class]` */
export const classPromptOf = (classNoun: string): string => `a ${classNoun}`;

/** @throws {EngineRequestError} `PROMPT_TOO_LONG`, naming the first word that does not fit */
export function requirePromptFits(tokenizers: PromptTokenizers, prompt: string): void {
  for (const tokenizer of tokenizers) {
    const fit = fitPrompt(tokenizer, prompt);
    if (fit.fits) continue;
    const { tokenCount, maxTokens, firstWordLeftOut: word } = fit;
    throw new EngineRequestError(
      'PROMPT_TOO_LONG',
      `the prompt has ${tokenCount} tokens, ${maxTokens} fit; the first word that does not is "${word}"`,
      { word },
    );
  }
}
