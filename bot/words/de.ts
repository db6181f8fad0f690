/** @file German: informal, in short sentences. */
import { commands } from './de/commands.ts';
import { galleries } from './de/galleries.ts';
import { help } from './de/help.ts';
import { pictures } from './de/pictures.ts';
import { settings } from './de/settings.ts';
import { subjects } from './de/subjects.ts';
import { nouns, text } from './de/text.ts';
import type { Language } from './say.ts';

/** The parts of the language, by the room that they are about. */
export const rooms = { text, commands, help, subjects, pictures, galleries, settings } as const;

/** See the file's head. */
export const german: Language = {
  sentences: Object.assign({}, ...Object.values(rooms)),
  nouns,
};
