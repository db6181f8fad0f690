/** @file German: what a server's admins set, and what users set for themselves. */

/** See the file's head. */
export const settings = {
  '**My settings in this server**': '**Meine Einstellungen auf diesem Server**',
  'Gallery: {0}': 'Galerie: {0}',
  '`/gallery browse` only': 'nur `/gallery browse`',
  'Hall of fame: from {0} on': 'Hall of Fame: ab {0}',
  'Reports: {0}': 'Meldungen: {0}',
  'not taken': 'keine',
  'Channels: {0}': 'Kanäle: {0}',
  all: 'alle',
  'Roles: {0}': 'Rollen: {0}',
  everybody: 'alle',
  'Language of my public posts: {0}': 'Sprache meiner öffentlichen Beiträge: {0}',

  'as I recommend': 'was ich empfehle',
  nothing: 'nichts',
  'your only one, else I ask': 'dein einziges, sonst frage ich',
  '**Your defaults**, where `/imagine` and `/preset` are not told otherwise':
    '**Deine Vorgaben**, wenn du bei `/imagine` und `/preset` nichts anderes sagst',
} as const;
