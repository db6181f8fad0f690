/** @file For tests: the same check in every language. */
import { locales } from '#db/schema/guilds.ts';
import { inLocale } from '../words/say.ts';

/** @returns the work done once in each language */
export function inEachLocale<Arguments extends unknown[]>(
  work: (...given: Arguments) => void,
): (...given: Arguments) => void {
  return (...given) => {
    for (const locale of locales) inLocale(locale, () => work(...given));
  };
}
