/** @file Holds the languages to the sources: every sentence is translated, with the same gaps, and none is left over. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { LocalizationMap } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Locale } from '#db/schema/guilds.ts';
import { commands } from '../commands/index.ts';
import { localizeCommand } from '../commands/localize.ts';
import { readLiterals } from '../testing/read-literals.ts';
import { settingNames } from '../views/defaults.ts';
import { count, duration, list } from '../views/text.ts';
import { rooms } from './de.ts';
import { currentLanguage, inLocale, languages, localeFor, say } from './say.ts';

const root = path.resolve(import.meta.dirname, '..');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ts$/.test(name) && !/\.test\.ts$|^testing\/|^words\//.test(name))
  .map((name) => ({ name, literals: readLiterals(readFileSync(path.join(root, name), 'utf8')) }));
const literals = sources.flatMap((source) => source.literals);
const said = new Set(literals.filter(({ isSaid }) => isSaid).map(({ text }) => text));
const nouns = new Set(
  literals.filter(({ before }) => /\bcount\([^;{}]*, $/.test(before)).map(({ text }) => text),
);
const gapsOf = (sentence: string) => [...new Set(sentence.match(/\{\d+\}/g))].sort();

/** Choices that are the same in every language. */
const properNames = [
  ...['DDIM', 'DPM++ 2M', 'DPM++ 2M Karras', 'Euler', 'Euler ancestral', 'PNDM', 'UniPC'],
  ...['2×', '4×', 'English', 'Deutsch', 'Prompts', ...Object.values(settingNames), 'subject'],
];

interface Described {
  readonly description?: string;
  readonly description_localizations?: LocalizationMap;
  readonly options?: readonly Described[];
  readonly choices?: readonly { name: string; name_localizations?: LocalizationMap }[];
}

/** @returns every text of a registered command or option, with its translations */
function listTexts(part: Described): [text: string, translations: LocalizationMap][] {
  const { description, description_localizations, options = [], choices = [] } = part;
  return [
    ...(description ? [[description, description_localizations ?? {}] as const] : []),
    ...choices.map(({ name, name_localizations }) => [name, name_localizations ?? {}] as const),
    ...options.flatMap(listTexts),
  ].map(([text, translations]) => [text, translations]);
}
/** Translated as they are registered, and again where a view repeats them. */
const ofCommands = commands.flatMap(({ definition }) =>
  listTexts(localizeCommand(definition) as Described),
);

describe.each(Object.entries(languages))('%s', (locale, { sentences, nouns: ownNouns }) => {
  test('has every sentence of the sources and commands, and no other', () => {
    const used = new Set([...said, ...ofCommands.map(([text]) => text)]);
    const missing = [...used].filter((sentence) => !Object.hasOwn(sentences, sentence));
    expect(missing.filter((sentence) => !properNames.includes(sentence))).toEqual([]);
    expect(Object.keys(sentences).filter((sentence) => !used.has(sentence))).toEqual([]);
  });

  test('describes commands and their choices in the 100 characters that Discord takes', () => {
    for (const [text, translations] of ofCommands) {
      expect(translations[locale as Locale], text).toBe(sentences[text]);
      expect(sentences[text]?.length ?? 1, text).toBeLessThanOrEqual(100);
    }
  });

  test('fills the same gaps', () => {
    for (const [english, translated] of Object.entries(sentences)) {
      expect(gapsOf(translated), english).toEqual(gapsOf(english));
    }
  });

  test('has every noun that is counted, and no other', () => {
    expect(Object.keys(ownNouns).sort()).toEqual([...nouns].sort());
  });
});

/** Texts of views that are no sentences: limits for tests, what is written in prompts, names of commands and facts. */
const notSaid = (text: string) =>
  properNames.includes(text) ||
  nouns.has(text) ||
  ofCommands.some(([known]) => known === text) ||
  commands.some(({ definition }) => text.startsWith(`${definition.name} `)) ||
  ['a [Rex] on the beach', '/imagine prompt: a [V] {0} on the beach'].includes(text) ||
  ['Rex', 'own defaults'].includes(text);

test('views say all that they write', () => {
  const written = sources
    .filter(({ name }) => /^views\//.test(name) && !/discord-limits/.test(name))
    .flatMap((source) => source.literals.filter(({ isSaid }) => !isSaid));
  const sentences = written
    .map(({ text }) => text)
    .filter((text) => looksWritten(text) && !notSaid(text));
  expect(sentences).toEqual([]);
});

/** Two words in a row, a full stop, or one word with a capital. */
function looksWritten(text: string): boolean {
  const words = text.replace(/`[^`]*`|\{\d+\}|<[^>]*>/g, ' ');
  return /\p{L}{2} +\p{L}{2}|\p{L}{3}[.!?](?: |$)|^\p{Lu}\p{Ll}+$/u.test(words);
}

test('no two rooms translate the same sentence', () => {
  const all = Object.values(rooms).flatMap((room) => Object.keys(room));
  expect(all.filter((sentence, index) => all.indexOf(sentence) !== index)).toEqual([]);
});

describe('say', () => {
  test('speaks English as written without a locale', () => {
    expect(currentLanguage()).toBeUndefined();
    expect(say`Step ${1} of ${'{0}'}`).toBe('Step 1 of {0}');
    expect(say('Nothing was deleted.')).toBe('Nothing was deleted.');
  });

  test('speaks the language of the work under way, through all that it waits for', async () => {
    const speak = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return say`Step ${'{1}'} of ${2}`;
    };
    const both = [inLocale('de', speak), inLocale('en-US', speak)];
    expect(await Promise.all(both)).toEqual(['Schritt {1} von 2', 'Step {1} of 2']);
    expect(inLocale('de', () => inLocale('en-US', () => say('Cancel')))).toBe('Cancel');
  });

  test('leaves what is not translated in English', () => {
    expect(inLocale('de', () => say`never written ${1}`)).toBe('never written 1');
  });

  test('knows the languages of clients', () => {
    expect(['de', 'en-GB', 'en-US', 'fr', ''].map(localeFor)).toEqual([
      'de',
      ...Array(4).fill('en-US'),
    ]);
  });
});

test('counts, lists and times in German', () => {
  inLocale('de', () => {
    expect([count(1, 'picture'), count(3, 'picture')]).toEqual(['1 Bild', '3 Bilder']);
    expect(list(['a', 'b', 'c'])).toBe('a, b und c');
    expect(list(['a', 'b'], 'or')).toBe('a oder b');
    expect(duration(8000)).toBe('etwa 2 h 10 min');
  });
});

test('the reader of sources finds strings, templates and what is inside their gaps', () => {
  const source = [
    "const a = say('Don\\'t'); // say('no')",
    'const b = say`Use \\`x\\` $'.concat('{y ? say`in $', '{z}` : "out"} now`;'),
    "const c = text.replace(/'`/g, '');",
    'const d = say(\n  "wrapped",\n);',
  ].join('\n');
  const texts = readLiterals(source).map(({ text, isSaid }) => [text, isSaid]);
  expect(texts).toEqual([
    ["Don't", true],
    ['in {0}', true],
    ['out', false],
    ['Use `x` {0} now', true],
    ['', false],
    ['wrapped', true],
  ]);
});
