/** @file German: informal, in short sentences. */
import { commands } from './de/commands.ts';
import { delivery } from './de/delivery.ts';
import { failures } from './de/failures.ts';
import { galleries } from './de/galleries.ts';
import { help } from './de/help.ts';
import { pictures } from './de/pictures.ts';
import { refusals } from './de/refusals.ts';
import { settings } from './de/settings.ts';
import { subjects } from './de/subjects.ts';
import { nouns, text } from './de/text.ts';
import { trainings } from './de/trainings.ts';
import type { Language } from './say.ts';

/** The parts of the language, by the room that they are about. */
export const rooms = {
  text,
  commands,
  help,
  refusals,
  failures,
  subjects,
  trainings,
  pictures,
  galleries,
  settings,
  delivery,
} as const;

/** See the file's head. */
export const german: Language = {
  sentences: Object.assign({}, ...Object.values(rooms)),
  nouns,
};
