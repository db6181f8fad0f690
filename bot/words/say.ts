/** @file Sentences in the language of whoever reads them: English as the views write it, or its translation. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Locale } from '#db/schema/guilds.ts';
import { german } from './de.ts';

/** What a language brings. */
export interface Language {
  /** By the English sentence, whose gaps are numbered: `'{0} of {1}'`. Each gap stands in the translation as well. */
  readonly sentences: Readonly<Record<string, string>>;
  /** By the English noun in the singular. */
  readonly nouns: Readonly<Record<string, readonly [one: string, several: string]>>;
}

/** The languages beside English. */
export const languages: Readonly<Record<Exclude<Locale, 'en-US'>, Language>> = { de: german };

/** Where nothing says otherwise. */
export const defaultLocale: Locale = 'en-US';

const speaking = new AsyncLocalStorage<Locale>();

/** Does the work, and all that it waits for, in a language. */
export function inLocale<T>(locale: Locale, work: () => T): T {
  return speaking.run(locale, work);
}

/** @returns what the work says in each language */
export function inEachLanguage<T>(say: () => T): T[] {
  return [defaultLocale, ...(Object.keys(languages) as Locale[])].map((locale) =>
    inLocale(locale, say),
  );
}

/** @param tag as Discord names the language of a user's client, such as `de` or `en-GB` */
export function localeFor(tag: string): Locale {
  const [wanted] = tag.split('-');
  return (Object.keys(languages) as Locale[]).find((locale) => locale === wanted) ?? defaultLocale;
}

/** @returns the language being spoken; undefined where it is English */
export function currentLanguage(): Language | undefined {
  const locale = speaking.getStore() ?? defaultLocale;
  return locale === 'en-US' ? undefined : languages[locale];
}

/**
 * A sentence in the language being spoken: the tag of a template, or a function of a sentence without gaps. It must be
 * called when the sentence is needed, never while a module loads.
 *
 * @returns the English as written where no language is set or the sentence is not translated
 */
export function say(
  template: TemplateStringsArray | string,
  ...values: readonly (string | number)[]
): string {
  const english = typeof template === 'string' ? template : numberGaps(template);
  const sentence = currentLanguage()?.sentences[english] ?? english;
  return typeof template === 'string'
    ? sentence
    : sentence.replace(/\{(\d+)\}/g, (_, gap) => String(values[Number(gap)]));
}

/** @returns the parts of a template as one text, whose gaps are `{0}`, `{1}` and so on */
export function numberGaps(parts: readonly string[]): string {
  return parts.map((part, index) => (index === 0 ? part : `{${index - 1}}${part}`)).join('');
}
