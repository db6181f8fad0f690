/** @file The words of posts that everybody in a server sees, in the language that its admins chose. */
import type { Locale } from '#db/schema/guilds.ts';
import type { Style } from '../styles.ts';

const english = {
  vote: 'Vote',
  remix: 'Remix with my subject',
  report: 'Report',
  unpublish: 'Unpublish',
  by: 'by',
  votes: (count: number) => (count === 1 ? '1 vote' : `${count} votes`),
  hallOfFame: 'Hall of fame',
  allow: 'Allow',
  refuse: 'Refuse',
  /** @param owners mentions of those who are asked */
  request: (owners: string, author: string, names: string) =>
    `${owners}: ${author} would like to publish this picture of ${names} in the gallery of this server.`,
  requestAllowed: (names: string, author: string) =>
    `The picture of ${names} by ${author} is in the gallery.`,
  requestRefused: (names: string, author: string) =>
    `The picture of ${names} by ${author} is not published: it was not allowed.`,
  requestOver: (names: string, author: string) =>
    `The picture of ${names} by ${author} is not published any more.`,
  reported: 'A picture of mine was reported. What shall become of it?',
  reportedMessage: 'A message of mine was reported. What shall become of it?',
  keep: 'Approve',
  takeDown: 'Deny',
  /** @param moderator a mention */
  kept: (moderator: string) => `Approved by ${moderator}: it stays.`,
  takenDown: (moderator: string) => `Denied by ${moderator}: I have taken it down.`,
  styles: {
    watercolour: 'Watercolour',
    'pixel-art': 'Pixel art',
    comic: 'Comic',
    sculpture: 'Sculpture',
    drawing: 'Drawing',
    mosaic: 'Mosaic',
    painting: 'Painting',
    '3d': '3D',
    poster: 'Poster',
    photo: 'Photo',
  } satisfies Record<Style, string>,
};

/** See the file's head. */
export type PublicWords = typeof english;

const german: PublicWords = {
  vote: 'Abstimmen',
  remix: 'Mit meinem Motiv',
  report: 'Melden',
  unpublish: 'Zurückziehen',
  by: 'von',
  votes: (count) => (count === 1 ? '1 Stimme' : `${count} Stimmen`),
  hallOfFame: 'Hall of Fame',
  allow: 'Erlauben',
  refuse: 'Ablehnen',
  request: (owners, author, names) =>
    `${owners}: ${author} möchte dieses Bild von ${names} in der Galerie dieses Servers veröffentlichen.`,
  requestAllowed: (names, author) => `Das Bild von ${names} von ${author} ist in der Galerie.`,
  requestRefused: (names, author) =>
    `Das Bild von ${names} von ${author} wird nicht veröffentlicht: Es wurde nicht erlaubt.`,
  requestOver: (names, author) =>
    `Das Bild von ${names} von ${author} ist nicht mehr veröffentlicht.`,
  reported: 'Ein Bild von mir wurde gemeldet. Was soll damit geschehen?',
  reportedMessage: 'Eine Nachricht von mir wurde gemeldet. Was soll damit geschehen?',
  keep: 'Behalten',
  takeDown: 'Entfernen',
  kept: (moderator) => `Von ${moderator} geprüft: Es bleibt.`,
  takenDown: (moderator) => `Von ${moderator} geprüft: Ich habe es entfernt.`,
  styles: {
    watercolour: 'Aquarell',
    'pixel-art': 'Pixelkunst',
    comic: 'Comic',
    sculpture: 'Skulptur',
    drawing: 'Zeichnung',
    mosaic: 'Mosaik',
    painting: 'Gemälde',
    '3d': '3D',
    poster: 'Plakat',
    photo: 'Foto',
  },
};

const dictionaries = { 'en-US': english, de: german } satisfies Record<Locale, PublicWords>;

/** @returns the words of a language */
export const wordsIn = (locale: Locale): PublicWords => dictionaries[locale];

/** @returns every language's word, to recognise a forum's tag by */
export const inEveryLanguage = (pick: (words: PublicWords) => string): string[] =>
  Object.values(dictionaries).map(pick);
