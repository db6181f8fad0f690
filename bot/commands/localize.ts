/** @file Commands in every language: descriptions and choices. Names stay English, so that prompts, help and docs agree. */
import type {
  APIApplicationCommandOption,
  APIApplicationCommandOptionChoice,
  LocalizationMap,
} from 'discord.js';
import { languages } from '../words/say.ts';

/** A command or option. */
interface Described {
  readonly name?: string;
  readonly description?: string | undefined;
  readonly options?: readonly APIApplicationCommandOption[] | undefined;
  readonly choices?: readonly APIApplicationCommandOptionChoice[] | undefined;
}

/** @returns the definition, as Discord is to register it */
export function localizeCommand<T extends Described>(definition: T): T {
  const { description, options, choices } = definition;
  const localized = {
    ...definition,
    ...(description && { description_localizations: translate(description) }),
    ...(options && { options: options.map(localizeCommand) }),
    ...(choices && {
      choices: choices.map((choice) => ({
        ...choice,
        name_localizations: translate(choice.name),
      })),
    }),
  };
  return localized;
}

/** What has no translation is the same in every language, such as a name. */
function translate(english: string): LocalizationMap {
  const found = Object.entries(languages).map(([locale, { sentences }]) => [
    locale,
    sentences[english] ?? null,
  ]);
  return Object.fromEntries(found.filter(([, translated]) => translated !== null));
}
